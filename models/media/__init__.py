"""What models make: pictures, sound, words and pairs of them, all by one contract."""

from models.media.base import Media
from models.media.pair import Pair
from models.media.picture import Picture
from models.media.sound import Sound
from models.media.words import Words

__all__ = ["Media", "Pair", "Picture", "Sound", "Words"]
