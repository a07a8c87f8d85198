"""What is no character, by its name: files that have a name or some text, and come along by mistake."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

Json = Mapping[str, Any]
VOCABULARY = 200  # words with a number each are a vocabulary


def _has(*names: str) -> Callable[[Json], bool]:
    return lambda given: all(name in given for name in names)


def _any(first: str, *others: str) -> Callable[[Json], bool]:
    return lambda given: first in given and any(name in given for name in others)


def _is(name: str, *values: Any) -> Callable[[Json], bool]:
    return lambda given: given.get(name) in values if isinstance(given.get(name), str) else False


def _numbers(given: Json) -> bool:
    return len(given) > VOCABULARY and all(type(value) in (int, float) for value in given.values())


def _messages(given: Json) -> bool:
    """A list of messages, whoever wrote it."""
    for name in ("messages", "history", "chat", "histories", "conversations", "msgs"):
        found = given.get(name)
        if isinstance(found, list) and found and isinstance(found[0], dict):
            if {"role", "mes", "content", "msg", "from", "text"} & found[0].keys():
                return True
            if "msgs" in found[0] or "messages" in found[0]:
                return True
    return False


def _one(*names: str) -> Callable[[Json], bool]:
    return lambda given: any(name in given for name in names)


def _both(*conditions: Callable[[Json], bool]) -> Callable[[Json], bool]:
    return lambda given: all(condition(given) for condition in conditions)


def _tokenizer(given: Json) -> bool:
    return isinstance(given.get("model"), dict) and "vocab" in given["model"]


NPM = (
    *("scripts", "dependencies", "devDependencies", "peerDependencies", "exports", "workspaces"),
    *("engines", "bin", "devEngines"),
)
# In the order in which they are asked; each says what it is, after “This is ”.
KINDS: Sequence[tuple[Any, Callable[[Json], bool]]] = (
    (_("a lock file of npm"), _has("lockfileVersion")),
    (_("a package.json of npm"), _any("name", *NPM)),
    (_("a package.json of npm"), _both(_has("name", "version"), _one("main", "license", "private", "type"))),
    (_("a composer.json of PHP"), _any("name", "require", "require-dev", "autoload")),
    (_("a manifest of a browser extension"), _has("manifest_version")),
    (_("a manifest of a web app"), _any("start_url", "name", "short_name", "icons")),
    (_("a configuration of TypeScript"), _has("compilerOptions")),
    (_("a Jupyter notebook"), _has("cells", "nbformat")),
    (_("an OpenAPI description"), _both(_one("openapi", "swagger"), _has("info"))),
    (_("a JSON schema"), _any("$schema", "properties", "$defs", "definitions")),
    (_("a map in GeoJSON"), _is("type", "FeatureCollection", "Feature")),
    (_("a workflow of ComfyUI"), _any("nodes", "links", "last_node_id")),
    (_("a tokenizer's vocabulary"), _tokenizer),
    (_("a tokenizer's configuration"), _any("tokenizer_class", "model_max_length", "bos_token", "eos_token")),
    (_("a vocabulary"), _numbers),
    (_("a language model's configuration"), _any("model_type", "architectures", "vocab_size")),
    (_("a chat of Agnai"), _is("kind", "chat")),
    (_("a scenario of Agnai"), _is("kind", "scenario")),
    (_("a chat of RisuAI"), _is("type", "risuChat", "risuAllChats")),
    (_("a module of RisuAI"), _is("type", "risuModule")),
    (_("a preset of RisuAI"), _has("mainPrompt", "jailbreak")),
    (_("a chat of SillyTavern"), _any("chat_metadata", "user_name", "character_name")),
    (_("a chat of SillyTavern"), _has("user_name", "character_name", "create_date")),
    (_("a preset of SillyTavern"), _has("prompts", "prompt_order")),
    (_("a preset of SillyTavern"), _has("rep_pen", "temp")),
    (_("a template of SillyTavern"), _has("story_string")),
    (_("a template of SillyTavern"), _has("input_sequence", "output_sequence")),
    (_("a regex script of SillyTavern"), _has("scriptName", "findRegex")),
    (_("quick replies of SillyTavern"), _one("qrList", "quickReplyEntries")),
    (_("a theme of SillyTavern"), _has("main_text_color")),
    (_("personas of SillyTavern"), _one("persona_descriptions", "personas")),
    (_("a group of SillyTavern"), _has("members", "activation_strategy")),
    (_("settings of SillyTavern"), _has("power_user")),
    (_("a story of NovelAI"), _has("storyContainerVersion")),
    (_("a scenario of NovelAI"), _has("scenarioVersion")),
    (_("a story of KoboldAI"), _has("gamestarted")),
    (_("a scene of Talemate"), _has("intro", "characters")),
    (_("an instruction template of text-generation-webui"), _one("instruction_template", "turn_template")),
    (_("a configuration of Docker Compose"), _has("services")),
    (_("a workflow of GitHub"), _has("jobs")),
    (_("a resource of Kubernetes"), _has("apiVersion", "kind")),
    (_("a chat"), _messages),
)


def name_of(given: Any) -> str:
    """What a file's JSON or YAML is by name, '' if it may be a character or is nothing that is known."""
    if isinstance(given, list):
        first = given[0] if given else None
        return str(_("a chat")) if isinstance(first, dict) and ({"role", "mes"} & first.keys()) else ""
    return next((str(kind) for kind, is_one in KINDS if is_one(given)), "")
