"""A class: the trainings of many students on one shared machine or cluster, in turns."""

from .class_list import Place, read_list
from .turns import train_class

__all__ = ["Place", "read_list", "train_class"]
