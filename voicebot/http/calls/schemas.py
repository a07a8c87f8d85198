"""What Pipecat's small WebRTC transport sends and expects; names are as it writes them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

MOST_TOKEN = 100  # characters
MOST_AT_ONCE = 64  # candidates in a request


class OfferData(BaseModel):
    """What `POST /api/start` gave the client to send along."""

    token: str = Field(default="", max_length=MOST_TOKEN, description="a text: what `POST /api/start` gave")


class Offer(BaseModel):
    """An offer; `pc_id` names the call that it is for, where there is one already."""

    sdp: str = Field(description="a session description, as a browser's createOffer gives it")
    type: Literal["offer"] = Field(description="`offer`")
    pc_id: str | None = Field(default=None, max_length=64, description="the id of a call, or null")
    restart_pc: bool | None = Field(
        default=False, description="true or false: whether a new call takes the place of this one"
    )
    request_data: OfferData | None = Field(
        default=None,
        validation_alias=AliasChoices("requestData", "request_data"),
        serialization_alias="requestData",
        description="a JSON object with `token`; without one the session's owner is asked for",
    )


class Candidate(BaseModel):
    candidate: str = Field(max_length=1000)
    sdp_mid: Annotated[str | None, Field(max_length=32)] = None
    sdp_mline_index: Annotated[int | None, Field(ge=0, le=32)] = None


class Candidates(BaseModel):
    """Addresses of the client's that were found after its offer."""

    pc_id: str = Field(max_length=64, description="the id of a call")
    candidates: list[Candidate] = Field(
        max_length=MOST_AT_ONCE, description=f"a list of at most {MOST_AT_ONCE} ICE candidates"
    )


class Answered(BaseModel):
    """The answer to an offer."""

    sdp: str
    type: Literal["answer"] = "answer"
    pc_id: str = Field(description="names the call, and is a secret of its client's")


class Noted(BaseModel):
    status: Literal["success"] = "success"


class _Camel(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)


class IceConfig(_Camel):
    ice_servers: list[dict[str, Any]] = Field(description="STUN and TURN servers, as a browser takes them")


class RequestParams(_Camel):
    endpoint: str = Field(description="where offers and candidates go")
    request_data: OfferData


class CallWay(_Camel):
    """The way in by a call: Pipecat's small WebRTC transport connects with it as it is."""

    session_id: UUID
    ice_config: IceConfig
    webrtc_request_params: RequestParams
