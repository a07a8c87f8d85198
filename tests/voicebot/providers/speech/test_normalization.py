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
]
CHINESE = [
    ("我有42条船。", "我有四十二条船。"),
    ("今天是2024年3月5日。", "今天是二零二四年三月五日。"),
    ("价格是￥12.50。", "价格是十二点五零元。"),
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
