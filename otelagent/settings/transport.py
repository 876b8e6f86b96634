"""TLS and authentication, of receivers and exporters."""

from typing import Literal

from pydantic import Field, model_validator

from otelagent.settings.values import Duration, Settings


class ServerTls(Settings):
    """TLS of a receiver."""

    cert_file: str = Field(description="Certificate (PEM).")
    key_file: str = Field(description="Private key (PEM).")
    client_ca_file: str | None = Field(
        default=None, description="Certificates that clients must be signed by (mutual TLS)."
    )
    min_version: Literal["1.2", "1.3"] = Field(default="1.2", description="Lowest TLS version that is accepted.")
    reload_interval: Duration = Field(default=10.0, description="How often the files are looked at for a change.")


class ClientTls(Settings):
    """TLS of an exporter."""

    insecure: bool = Field(default=False, description="Send in plaintext. `http://` in the endpoint means the same.")
    ca_file: str | None = Field(default=None, description="Certificates to trust (PEM); default: the system's.")
    cert_file: str | None = Field(default=None, description="Client certificate (PEM), for mutual TLS.")
    key_file: str | None = Field(default=None, description="Client key (PEM), for mutual TLS.")
    server_name_override: str | None = Field(default=None, description="Name to expect in the server's certificate.")
    min_version: Literal["1.2", "1.3"] = Field(default="1.2", description="Lowest TLS version that is accepted.")
    reload_interval: Duration = Field(default=10.0, description="How often the files are looked at for a change.")

    @model_validator(mode="after")
    def _pair(self) -> "ClientTls":
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together")
        return self


class Auth(Settings):
    """Who may send, or as whom we send."""

    authenticator: str = Field(description="Id of an extension: `bearertokenauth`.")
