"""What a voice says for numbers, dates, money, units, abbreviations and addresses, English and Chinese."""

import re
import time

import pytest

from voicebot.providers.speech.normalization import numbers, spoken_form

# What is written, and what one says: signs and case do not count.
ENGLISH = [
    ("I have 42 ships.", "I have forty-two ships."),
    ("It costs $5.", "It costs five dollars."),
    ("It costs $5.50 today.", "It costs five dollars and fifty cents today."),
    ("That is $1.", "That is one dollar."),
    ("He paid £3.20.", "He paid three pounds and twenty pence."),
    ("It is €20.", "It is twenty euros."),
    ("A $2.5 million ship", "A two point five million dollars ship"),
    ("Call 555-1234.", "Call five five five, one two three four."),
    ("Call 212-555-0199 now", "Call two one two, five five five, oh one nine nine now"),
    ("No. 5 is mine.", "Number five is mine."),
    ("No. I said no.", "No. I said no."),
    ("No. 10 Downing St.", "Number ten Downing Street."),
    ("St. Paul was here.", "Saint Paul was here."),
    ("He lives on Baker St. in town", "He lives on Baker Street in town"),
    ("221B Baker Street", "two twenty-one B Baker Street"),
    ("Dr. Watson waits.", "Doctor Watson waits."),
    ("Mulholland Dr. is long", "Mulholland Drive is long"),
    ("Mr. and Mrs. Hall", "Mister and Missus Hall"),
    ("It is 7:30 pm.", "It is seven thirty P M."),
    ("At 7:00 we eat.", "At seven o'clock we eat."),
    ("At 9:05 sharp", "At nine oh five sharp"),
    ("at 19:45 exactly", "at nineteen forty-five exactly"),
    ("In 1984 it rained.", "In nineteen eighty-four it rained."),
    ("In 2024 we met.", "In twenty twenty-four we met."),
    ("In 2005 we met.", "In two thousand five we met."),
    ("since 1900", "since nineteen hundred"),
    ("The 1920s were loud.", "The nineteen twenties were loud."),
    ("on March 3, 2024", "on March third, twenty twenty-four"),
    ("on 3 March", "on the third of March"),
    ("on 2024-03-03 then", "on March third, twenty twenty-four then"),
    ("on the 21st of May", "on the twenty-first of May"),
    ("It is 20°C outside.", "It is twenty degrees Celsius outside."),
    ("-5 degrees", "minus five degrees"),
    ("It weighs 5 kg.", "It weighs five kilograms."),
    ("1 km away", "one kilometer away"),
    ("at 60 mph", "at sixty miles per hour"),
    ("90% of it", "ninety percent of it"),
    ("3.14 is pi", "three point one four is pi"),
    ("1,234,567 stars", "one million, two hundred thirty-four thousand, five hundred sixty-seven stars"),
    ("100 men", "one hundred men"),
    ("1/2 a cup", "one half a cup"),
    ("3/4 full", "three quarters full"),
    ("pages 10-12", "pages ten to twelve"),
    ("Chapter IV", "Chapter four"),
    ("Henry VIII had six.", "Henry the eighth had six."),
    ("e.g. a lamp", "for example a lamp"),
    ("i.e. a lamp", "that is a lamp"),
    ("lamps, ropes, etc.", "lamps, ropes, et cetera."),
    ("Rock & roll", "Rock and roll"),
    ("me@example.com", "me at example dot com"),
    ("example.com is open", "example dot com is open"),
    ("#1 fan", "number one fan"),
    ("2 + 2 = 4", "two plus two equals four"),
    ("6 ft. tall", "six feet tall"),
    ("approx. 5 men", "approximately five men"),
    ("the 2nd door", "the second door"),
    ("room 101", "room one oh one"),
    ("The NATO and the BBC", "The NATO and the BBC"),
    ("She said hello.", "She said hello."),
    ("I am 5'10\" tall", "I am five foot ten tall"),
    ("ISBN 0-19-852663-6", "ISBN oh, one nine, eight five two six six three, six"),
    ("10,000 steps", "ten thousand steps"),
    ("John I was told to wait", "John I was told to wait"),
    ("World War II ended.", "World War two ended."),
    ("open 24/7", "open twenty-four seven"),
    ("Ms. Lee and Prof. Oak", "Miz Lee and Professor Oak"),
    ("the R2D2 robot", "the R two D two robot"),
    ("COVID-19", "COVID-nineteen"),
    ("5 p.m. sharp", "five P M sharp"),
    ("at 8am", "at eight A M"),
    ("$0.99", "ninety-nine cents"),
    ("0.5 seconds", "zero point five seconds"),
    ("version 2.3.1 is out", "version two point three point one is out"),
    ("v1.14.0", "version one point fourteen point zero"),
    ("see https://example.com/docs", "see example dot com slash docs"),
    ("example.com/a-b?x=1", "example dot com slash a dash b question mark x equals one"),
    ("example.com/my_page", "example dot com slash my underscore page"),
    ("www.example.org", "W W W dot example dot org"),
    ("http://stage.dev:8080/talk", "stage dot dev port eight oh eight oh slash talk"),
    ("+1 212 555 0199", "plus one, two one two, five five five, oh one nine nine"),
    ("+44 20 7946 0958", "plus four four, two oh, seven nine four six, oh nine five eight"),
    ("0800 123 456", "oh eight oh oh, one two three, four five six"),
    ("555.123.4567", "five five five, one two three, four five six seven"),
    ("$3-5", "three to five dollars"),
    ("$10–$20", "ten to twenty dollars"),
    ("5–10% of it", "five to ten percent of it"),
    ("9:00-17:00", "nine o'clock to seventeen hundred hours"),
    ("10am-5pm", "ten A M to five P M"),
    ("10–12 km away", "ten to twelve kilometers away"),
    ("Pope John Paul II", "Pope John Paul the second"),
    ("Rocky IV", "Rocky four"),
    ("Super Bowl LVIII", "Super Bowl fifty-eight"),
    ("in 3:45:20", "in three forty-five and twenty seconds"),
    ("2 1/2 cups", "two and one half cups"),
    ("1½ cups", "one and one half cups"),
    ("¼ mile", "one quarter mile"),
    ("⅔ of it", "two thirds of it"),
    ("10 000 men", "ten thousand men"),
    ("1.5M users", "one point five million users"),
    ("US$20", "twenty dollars"),
    ("25¢", "twenty-five cents"),
    ("₹500", "five hundred rupees"),
    ("20 USD", "twenty US dollars"),
    ("5 EUR", "five euros"),
    ("10 sq ft", "ten square feet"),
    ("5 km²", "five square kilometers"),
    ("x² is large", "x squared is large"),
    ("100 m/s", "one hundred meters per second"),
    ("1TB", "one terabyte"),
    ("3GHz", "three gigahertz"),
    ("a 60W lamp", "a sixty watts lamp"),
    ("240V", "two hundred forty volts"),
    ("40 kWh", "forty kilowatt hours"),
    ("24h", "twenty-four hours"),
    ("5 cm x 10 cm", "five centimeters by ten centimeters"),
    ("a 2x4", "a two by four"),
    ("3x faster", "three times faster"),
    ("5 ± 2", "five plus or minus two"),
    ("≈ 5", "about five"),
    ("≤ 5", "at most five"),
    ("6 ÷ 2", "six divided by two"),
    ("√2", "the square root of two"),
    ("10^6", "ten to the sixth"),
    ("the 90s", "the nineties"),
    ("Hwy 101", "Highway one oh one"),
    ("Apt. 4B", "Apartment four B"),
    ("P.O. Box 12", "P O Box twelve"),
    ("NY 10001", "NY one oh oh oh one"),
    ("w/o sugar, w/ milk", "without sugar, with milk"),
    ("cats vs dogs", "cats versus dogs"),
    ("C++ and C#", "C plus plus and C sharp"),
    ("#lamps @home", "hashtag lamps at home"),
    ("5★", "five stars"),
    ("Dr Who", "Doctor Who"),
    ("St Mary's", "Saint Mary's"),
    ("2023/01/02", "January second, twenty twenty-three"),
    ("25.12.2023", "December twenty-fifth, twenty twenty-three"),
    ("4/7/99", "April seventh, nineteen ninety-nine"),
    ("Fri., May 3", "Friday, May third"),
    ("$5/day", "five dollars per day"),
    ("the 1,000th guest", "the one thousandth guest"),
    ("he/she", "he or she"),
    ("16:9", "sixteen to nine"),
]
CHINESE = [
    ("我有42条船。", "我有四十二条船。"),
    ("今天是2024年3月5日。", "今天是二零二四年三月五日。"),
    ("价格是￥12.50。", "价格是十二元五角。"),
    ("一共$5。", "一共五美元。"),
    ("现在是7:30。", "现在是七点三十分。"),
    ("现在是19:05。", "现在是十九点零五分。"),
    ("完成了90%。", "完成了百分之九十。"),
    ("温度是-5℃。", "温度是零下五摄氏度。"),
    ("温度是20°C。", "温度是二十摄氏度。"),
    ("请拨打13800138000。", "请拨打幺三八零零幺三八零零零。"),
    ("请拨打110。", "请拨打幺幺零。"),
    ("电话010-12345678", "电话零幺零幺二三四五六七八"),
    ("重5kg。", "重五千克。"),
    ("长3.5m。", "长三点五米。"),
    ("高1.75米", "高一点七五米"),
    ("速度60km/h", "速度每小时六十公里"),
    ("第3章", "第三章"),
    ("2个人", "两个人"),
    ("12个人", "十二个人"),
    ("2天以后", "两天以后"),
    ("两百20", "两百二十"),
    ("100万", "一百万"),
    ("1,234元", "一千二百三十四元"),
    ("1/2的人", "二分之一的人"),
    ("3:2赢了", "三比二赢了"),
    ("1998年", "一九九八年"),
    ("90后", "九零后"),
    ("201房间", "二零一房间"),
    ("10~20岁", "十到二十岁"),
    ("10-20岁", "十到二十岁"),
    ("3.14159", "三点一四一五九"),
    ("0.5秒", "零点五秒"),
    ("你好，Ada。", "你好，Ada。"),
    ("他说：“好！”", "他说：“好！”"),
    ("50平方米", "五十平方米"),
    ("20㎡", "二十平方米"),
    ("8月15日晚上8点", "八月十五日晚上八点"),
    ("2024/3/5", "二零二四年三月五日"),
    ("2024-03-05", "二零二四年三月五日"),
    ("A4纸", "A四纸"),
    ("版本2.3.1", "版本二点三点一"),
    ("v2.10.3", "版本二点十点三"),
    ("100米²", "一百平方米"),
    ("3.5公里²", "三点五平方公里"),
    ("2米³", "两立方米"),
    ("网址是www.example.com", "网址是www 点 example 点 com"),
    ("邮箱me@example.com", "邮箱me 艾特 example 点 com"),
    ("3–5天", "三到五天"),
    ("¥10-20", "十到二十元"),
    ("10—20元", "十到二十元"),
    ("1½杯", "一又二分之一杯"),
    ("路易XIV", "路易十四"),
    ("第III章", "第三章"),
    ("220V", "两百二十伏"),
    ("60W", "六十瓦"),
    ("3‰", "千分之三"),
    ("138-0013-8000", "幺三八零零幺三八零零零"),
    ("400-800-1234", "四零零八零零幺二三四"),
    ("(010)62345678", "零幺零六二三四五六七八"),
    ("¥1,250.75", "一千二百五十元七角五分"),
    ("¥1,250.50", "一千二百五十元五角"),
    ("¥3.05", "三元零五分"),
    ("¥3.00", "三元"),
    ("2点", "两点"),
    ("2:30", "两点三十分"),
    ("2.5点", "二点五点"),
    ("2月2日", "二月二日"),
    ("12月12日", "十二月十二日"),
    ("3单元501", "三单元五零一"),
    ("邮编100080", "邮编幺零零零八零"),
    ("身份证110101199003071234", "身份证幺幺零幺零幺幺九九零零三零七幺二三四"),
    ("6÷2", "六除以二"),
    ("5×10厘米", "五乘十厘米"),
    ("VIP客户", "VIP客户"),
]


def heard(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@pytest.mark.parametrize(("written", "said"), ENGLISH)
def test_english_is_said_as_one_says_it(written, said):
    assert heard(spoken_form(written, "en")) == heard(said)


@pytest.mark.local
@pytest.mark.parametrize(("written", "said"), CHINESE)
def test_chinese_is_said_as_one_says_it(written, said):
    assert heard(spoken_form(written, "zh")) == heard(said)


def test_what_is_said_again_stays_as_it_is():
    for written, _ in ENGLISH:
        once = spoken_form(written, "en")
        assert heard(spoken_form(once, "en")) == heard(once)


def test_an_inline_pronunciation_is_left_alone():
    assert spoken_form("[R2](/ɑɹ tu/) has 2", "en") == "[R2](/ɑɹ tu/) has two"


def test_languages_without_rules_are_left_as_they_are():
    assert spoken_form("Es kostet 5 €.", "de") == "Es kostet 5 €."


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (21, "twenty-one"),
        (110, "one hundred ten"),
        (1_000_001, "one million one"),
        (-7, "minus seven"),
        (10**15, "one oh oh oh oh oh oh oh oh oh oh oh oh oh oh oh"),
    ],
)
def test_whole_numbers(number, words):
    assert numbers.cardinal(number) == words


@pytest.mark.parametrize(
    ("number", "words"), [(1, "first"), (12, "twelfth"), (20, "twentieth"), (43, "forty-third")]
)
def test_ordinals(number, words):
    assert numbers.ordinal(number) == words


@pytest.mark.parametrize(
    "text", ["1" * 5000, "1,000" * 1000, "a1" * 3000, "No. " * 2000, "1-" * 3000, "12:" * 2000]
)
def test_no_text_holds_the_voice_up(text):
    began = time.perf_counter()
    spoken_form(text, "en")
    assert time.perf_counter() - began < 1
