"""Card limits: how much of a file is read. What is beyond is refused before it is unpacked."""

FILE_BYTES = 32 * 1024 * 1024
JSON_BYTES = 4 * 1024 * 1024  # of a card's text; the largest of the community have a few hundred KB
JSON_DEPTH = 40
JSON_ITEMS = 200_000  # values in all
LORE_ENTRIES = 2000
ASSETS = 4000  # files within a card; RisuAI writes two for each picture
ASSET_BYTES = 8 * 1024 * 1024  # of one file within a card, unpacked
ASSETS_BYTES = 48 * 1024 * 1024  # of all of them
PATH_CHARACTERS = 1000
YAML_BYTES = 512 * 1024
YAML_ALIASES = 100
