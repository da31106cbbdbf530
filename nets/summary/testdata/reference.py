# Prints the table of one awkward model at the widths given as arguments, drawn by
# rich (15.0.0) in the way of Keras 3's keras/src/utils/summary_utils.py:
#   python3 reference.py 40 >rich-40.txt
import sys
import rich.console, rich.table

ROWS = [
    ("image (InputLayer)", "(None, 28, 28, 1)", "0"),
    ("a_layer_whose_name_is_longer_than_any_column (Conv2D)", "(None, 1000000, 1000000, 1000000)", "1,234,567,890,123,456"),
    ("two words and more words than fit (Dense)", "(None)", "2,097,152"),
    ("dense_1 (Dense)", "(None, 10)", "10"),
]

for columns in map(int, sys.argv[1:]):
    length = min(88, columns - 4)
    widths, current = [], 0
    for position in [0.45, 0.80, 1.0]:
        widths.append(int(position * length) - current)
        current += widths[-1]
    head = zip(["Layer (type)", "Output Shape", "Param #"], ["left", "left", "right"], widths)
    table = rich.table.Table(
        *[rich.table.Column(name, justify=side, width=width) for name, side, width in head],
        width=length, show_lines=True)
    for row in ROWS:
        table.add_row(*row)
    rich.console.Console(width=columns, highlight=False, color_system=None).print(table)
