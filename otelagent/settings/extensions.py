"""Settings of extensions."""

from typing import Literal

from pydantic import Field, model_validator

from otelagent.settings.values import Duration, HttpAddress, Positive, Secret, Settings


class HealthCheck(Settings):
    """Answers probes: 200 when requests can be taken, else 503. It never depends on the destination."""

    endpoint: HttpAddress = Field(default="127.0.0.1:13133", description="Address to listen on.")
    path: str = Field(default="/", pattern="^/", description="Path of the Collector's own probe.")


class FileStorage(Settings):
    """A directory for requests that could not be sent yet: the spool."""

    directory: str = Field(default="/var/lib/otelagent", description="Where; must be writable and survive a restart.")
    create_directory: bool = Field(default=True, description="Make the directory if it doesn't exist.")
    max_size_mib: Positive = Field(default=1024, description="Most disk space; when full, senders keep their data.")
    max_age: Duration = Field(default=7 * 86400.0, gt=0, description="What is older is given up, and counted.")
    synchronous: Literal["normal", "full"] = Field(
        default="full", description="`full` survives a power cut, `normal` only a crash of the process, and is faster."
    )


class TraceStore(Settings):
    """A directory for traces that failed, and a sample of good ones, for `diagnose` and `replay`."""

    directory: str = Field(default="/var/lib/otelagent/traces", description="Where.")
    max_size_mib: Positive = Field(default=512, description="Most disk space; the oldest traces leave first.")
    max_age: Duration = Field(default=14 * 86400.0, gt=0, description="Older traces leave.")
    ring_mib: Positive = Field(default=32, description="Memory for requests of traces that may still fail.")
    sample_good: float = Field(
        default=0.01, ge=0, le=1, description="Share of traces without a finding that is kept too."
    )


class BaselineStore(Settings):
    """A directory for what was learned about tools and tasks, so that a restart doesn't begin anew."""

    directory: str = Field(default="/var/lib/otelagent/baselines", description="Where. One process owns it.")
    interval: Duration = Field(default=60.0, gt=0, description="How often what has changed is saved.")


class BearerToken(Settings):
    """One token for receivers (who may send) or exporters (as whom we send)."""

    scheme: str = Field(default="Bearer", description="Word before the token.")
    token: Secret | None = Field(default=None, description="The token.")
    filename: str | None = Field(default=None, description="File with the token; read anew when it changes.")

    @model_validator(mode="after")
    def _one(self) -> "BearerToken":
        if (self.token is None) == (self.filename is None):
            raise ValueError("must have either token or filename")
        return self
