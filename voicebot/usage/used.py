"""What of a session's usage its owner is told, as the JSON API describes it; see `costs.figures.as_json`."""

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Used(BaseModel):
    """What a session has used of one model on one day."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    day: str = Field(json_schema_extra={"format": "date"})
    stage: str
    provider: str
    model: str
    requests: int
    estimated_requests: int = Field(description="those whose amounts the provider did not tell")
    input_tokens: int = Field(description="without the cached ones")
    cached_input_tokens: int
    output_tokens: int = Field(description="reasoning among them")
    reasoning_tokens: int
    heard_secs: float
    characters: int = Field(description="that were spoken")
    spoken_secs: float
