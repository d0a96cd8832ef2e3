"""Characters that are written for Latin letters because they look like them; below each letter its likeness.

Source: Unicode Technical Standard 39, confusables, for the alphabets that people and "fancy text" pages use; the table is ours.
Mathematical, fullwidth, circled and raised letters are not here: NFKC makes Latin letters of them.
"""

from __future__ import annotations

from collections.abc import Mapping

_ROWS = (
    # Cyrillic: small letters and their capitals, then letters of other languages than Russian
    ("abcehkmoptxy", "авсенкмортху"),
    ("ABCEHKMOPTXY", "АВСЕНКМОРТХУ"),
    ("sijhdqwvlgGye", "ѕіјһԁԛԝѵӏԍԌүҽ"),
    ("SIJHDQWVIYEBbnNre", "ЅІЈҺԀԚԜѴӀҮЄЬьпПгє"),
    ("f3366wW2", "ғзЗӡбѡѠꙅ"),
    # Greek
    ("abyeznitkvopuxwhuofb", "αβγεζηιτκνορυχωΗμσϝΒ"),
    ("ABEZHIKMNOPTYXFCcjuQ", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϜϹϲϳµϘ"),
    ("YnM", "ΓπϺ"),
    # Armenian
    ("ouhngdqqfawSULOjlp", "օսհոցժզգքաաՏՍԼՕյլք"),
    # Cherokee: capitals and their small forms
    ("iDRTiAJEYWMHGZSVLCPKBTGRSWdbh", "ᏆᎠᎡᎢᎥᎪᎫᎬᎩᎳᎷᎻᏀᏃᏚᏙᏞᏟᏢᏦᏴᎿᏳᏒᏕᏔᏧᏏᎲ"),
    ("iazscvwrybpemjdlgkb", "ꭵꭺꮓꮪꮯꮩꮃꭱꭹᏼꮲꭼꮇꭻꭰꮮꮐꮶꮟ"),
    # Lisu
    ("ABCDEFGHIJKLMNOPRSTUVWXYZd", "ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜꓒ"),
    # Coptic
    ("ABEZHIKMNOPCTYXLr", "ⲀⲂⲈⲌⲎⲒⲔⲘⲚⲞⲢⲤⲦⲨⲬⳐⲅ"),
    ("abezhikmnopctyx", "ⲁⲃⲉⲍⲏⲓⲕⲙⲛⲟⲣⲥⲧⲩⲭ"),
    # Canadian syllabics, Tifinagh, Georgian, Deseret
    ("AbBdDDFJLMPRUVXx", "ᗅᑲᗷᑯᗞᗪᖴᒍᒪᗰᑭᖇᑌᐯ᙭ᕁ"),
    ("EOVXoyCcLSs", "ⴹⵔⴸⵝჿყ𐐕𐐽𐐛𐐠𐑈"),
    # Latin: letters of other languages, of phonetics, and small capitals
    ("agiiijuvybfsf", "ɑɡɪɩıȷʋʋɣƅſƽẝ"),
    ("abcdefghijklmnopqrstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡʏᴢ"),
)
LOOK_ALIKES: Mapping[int, str] = {
    ord(char): latin.lower() for letters, row in _ROWS for latin, char in zip(letters, row, strict=True)
}
"""Character to the small Latin letter, or figure, that it looks like."""
