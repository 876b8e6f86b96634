"""Settings of receivers."""

from pydantic import Field, model_validator

from otelagent.settings.transport import Auth, ServerTls
from otelagent.settings.values import Duration, GrpcAddress, HttpAddress, Positive, Settings


class ServerParameters(Settings):
    """Keepalive of the server."""

    max_connection_idle: Duration | None = Field(
        default=None, description="Close a connection without calls after this."
    )
    max_connection_age: Duration | None = Field(
        default=None, description="Close a connection after this, so that clients spread anew; for gateways."
    )
    max_connection_age_grace: Duration | None = Field(default=None, description="What calls under way get then.")
    time: Duration | None = Field(default=None, description="Ping a silent client after this.")
    timeout: Duration | None = Field(
        default=None, description="Close the connection if a ping isn't answered in this time."
    )


class EnforcementPolicy(Settings):
    """What keepalive pings clients may send."""

    min_time: Duration = Field(default=10.0, description="Least time between pings; Collectors ping every 10 s.")
    permit_without_stream: bool = Field(default=True, description="Pings without a call are fine.")


class Keepalive(Settings):
    """Keepalive of a gRPC receiver."""

    server_parameters: ServerParameters = Field(default_factory=ServerParameters, description="The server's own pings.")
    enforcement_policy: EnforcementPolicy = Field(default_factory=EnforcementPolicy, description="Clients' pings.")


class GrpcServer(Settings):
    """OTLP/gRPC in."""

    endpoint: GrpcAddress = Field(default="127.0.0.1:4317", description="Address to listen on.")
    max_recv_msg_size_mib: Positive | None = Field(
        default=None,
        le=1024,
        description="Largest request, after decompression; default: 64, or a sixteenth of what memory the container "
        "may use where that is less.",
    )
    max_concurrent_streams: Positive | None = Field(default=None, description="Calls at a time on one connection.")
    keepalive: Keepalive = Field(default_factory=Keepalive, description="Keepalive of connections.")
    tls: ServerTls | None = Field(default=None, description="TLS; without it, plaintext.")
    auth: Auth | None = Field(default=None, description="Who may send; without it, everybody who can connect.")


class Cors(Settings):
    """Which web pages may send."""

    allowed_origins: list[str] = Field(default_factory=list, description="Origins; `*` is a wildcard. Empty: off.")
    allowed_headers: list[str] = Field(default_factory=list, description="Further headers that pages may send.")
    max_age: int = Field(default=7200, ge=0, description="Seconds that a browser may remember the answer.")


class HttpServer(Settings):
    """OTLP/HTTP in: protobuf and JSON."""

    endpoint: HttpAddress = Field(default="127.0.0.1:4318", description="Address to listen on.")
    max_request_body_size: Positive | None = Field(
        default=None, description="Largest request in bytes, after decompression; default as for gRPC."
    )
    cors: Cors | None = Field(default=None, description="Cross-origin requests; without it, off.")
    tls: ServerTls | None = Field(default=None, description="TLS; without it, plaintext.")
    auth: Auth | None = Field(default=None, description="Who may send; without it, everybody who can connect.")


class Protocols(Settings):
    """Protocols that a receiver speaks; one that isn't named is off."""

    grpc: GrpcServer | None = Field(default=None, description="OTLP/gRPC.")
    http: HttpServer | None = Field(default=None, description="OTLP/HTTP.")

    @model_validator(mode="after")
    def _one(self) -> "Protocols":
        if self.grpc is None and self.http is None:
            raise ValueError("must have grpc or http")
        return self


class OtlpReceiver(Settings):
    """Takes traces, logs and metrics by OTLP."""

    protocols: Protocols = Field(
        default_factory=lambda: Protocols(grpc=GrpcServer(), http=HttpServer()), description="What it speaks."
    )
