"""Where things are kept: PostgreSQL, Redis, a bucket."""

from pydantic import BaseModel, Field

from greenroom.environment.kinds import JsonText, Switch, Text


class Storage(BaseModel):
    """Storage"""

    DATABASE_URL: Text = Field(
        default="",
        description="postgresql://user:password@host:5432/name, of a PostgreSQL or a PgBouncer; else one is "
        "embedded",
    )
    REDIS_URL: Text = Field(
        default="", description="joins several processes; several with commas between them are a Cluster's"
    )
    REDIS_SENTINELS: Text = Field(
        default="", description="host:port,...; the host of REDIS_URL is the service's name then"
    )
    REDIS_CLUSTER: Switch = Field(default=False, description="REDIS_URL names some nodes of a Cluster")
    REDIS_OPTIONS: JsonText = Field(
        default="", description="of each connection: certificates and such, as redis-py calls them"
    )
    CHANNEL_REDIS_URL: Text = Field(
        default_factory=lambda known: known.get("REDIS_URL", ""),
        description="where the channel layer has a Redis of its own, else REDIS_URL",
    )
    S3_BUCKET: Text = Field(
        default="", description="for portraits and recordings, instead of DATA_DIR; needs the extra s3"
    )
    S3_ENDPOINT_URL: Text = Field(default="", description="of a store that is not Amazon's")
    S3_REGION: Text = Field(default="", description="of the bucket")
    S3_PREFIX: Text = Field(default="", description="of the names in the bucket")
