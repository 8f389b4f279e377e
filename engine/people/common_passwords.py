"""Passwords of twelve characters and more that are tried first, without spaces and in small letters.

Shorter ones are refused for their length. From public lists of what leaked most often, and their German likes.
"""

_LISTED = """
    123456789012 1234567890123 12345678901234 123456789123 1234567891011 123123123123 012345678910 0123456789ab
    1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qaz2wsx3edc4rfv q1w2e3r4t5y6 qazwsxedcrfv qwertyuiop12 qwertyuiop123
    qwertyuiop1234 qwertyuiopas qwertyuiopasdf qwertyuiop[] qwertzuiop12 qwertzuiop123 qwertzuiopü qwertzuiopasdf
    asdfghjkl123 asdfghjklöä zxcvbnm12345 yxcvbnm12345 qwerty123456 qwertz123456 qwerty123456789 asdfasdfasdf
    abcdefghijkl abcdefghijklm abcdefg12345 abcdefgh1234 abcd12345678 abc123abc123 abc123456789 a1b2c3d4e5f6
    password1234 password12345 password123456 passwordpassword password2024! password2025! password2026! p@ssw0rd1234
    passw0rd1234 mypassword123 thisisapassword changemeplease changeme1234 letmeinplease letmein12345 welcome12345
    welcome123456 iloveyou1234 iloveyou12345 iloveyouforever iloveyousomuch trustno1trustno1 superman1234
    football1234 baseball1234 basketball123 administrator administrator1 administrator123 admin1234567 admin123456789
    adminadminadmin rootrootroot useruseruser testtesttest test12345678 testpassword correcthorsebatterystaple
    passwort1234 passwort12345 passwort123456 passwortpasswort meinpasswort meinpasswort1 meinpasswort123
    geheimespasswort geheim123456 ichliebedich ichliebedich1 ichliebedich123 hallohallohallo hallo1234567
    schatz123456 willkommen12 willkommen123 willkommen1234 sommer2024!! sommer2025!! sommer2026!! deutschland1
    deutschland123 fcbayernmünchen borussiadortmund bvb091234567 schalke04schalke04 zapwerkzapwerk zapwerk12345
"""
COMMON = frozenset(_LISTED.split())
