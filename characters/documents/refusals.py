"""Why a file is not read: sentences for its writer, each with what to do about it."""

from characters.text import because

EMPTY = because("It is empty.")
NO_TEXT = because("There is no text in it.")
DAMAGED = because("It is damaged. Save it again, or take another copy.")
ENTITIES = because(
    "It declares XML entities, which can hide what is in it. Save it again with another program."
)
LOCKED = because("It is protected by a password. Save it without one.")
COPY_PROTECTED = because("Its text is locked by copy protection. Ask the publisher for a copy without it.")
SCANNED = because(
    "It is made of pictures of pages, without text. Let a program recognise the text (OCR) and save it again."
)
NESTED = because("Its parts are nested too deeply. Save it again in a simpler form.")
TOO_SLOW = because("Reading it took too long. Split it into several files, or save it in another format.")
TOO_MUCH_MEMORY = because("It needs more memory than is allowed. Split it into several files.")
NOT_READ = because(
    "It could not be read within the memory that is allowed, or it is damaged. Split it, or save it again."
)

# Of other kinds.
NO_DOCUMENT = because("It is none of the kinds that can be read: text, Markdown, HTML, PDF, EPUB and DOCX.")
RTF = because("It is an RTF file. Save it as DOCX or text.")
PICTURE = because("It is a picture. A document needs text: let a program recognise the text first.")
COMPRESSED = because("It is a compressed file. Unpack it and add what is in it.")
OLD_OFFICE = because("It is an old Word or Office file. Save it as DOCX.")
SPREADSHEET = because("It is a spreadsheet. Save the sheet as HTML, or put its text into a DOCX file.")
SLIDES = because("It is a presentation. Save it as PDF.")
OPEN_DOCUMENT = because("It is an OpenDocument file. Save it as DOCX or PDF.")
