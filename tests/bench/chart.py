# SPDX-License-Identifier: Apache-2.0
"""How cost grows with the directory, drawn by gnuplot."""

import subprocess

SCRIPT = """set terminal svg size 960,480 font "sans-serif,13" background rgb "white"
set output "{path}.svg"
set multiplot layout 1,2
set logscale x
set xrange [{least}:{most}]
set format x "10^{{%T}}"
set xlabel "entries"
set grid
set key below vertical
set logscale y
set ylabel "seconds"
set title "One full pass, 1 % violate"
plot "{path}.dat" using 1:3 with linespoints lw 2 pt 7 title "ldapsearch to /dev/null", \\
     "" using 1:2 with linespoints lw 2 pt 7 title "dircertd, wall time", \\
     "" using 1:4 with linespoints lw 2 pt 7 title "dircertd, CPU time of all processes"
unset logscale y
set yrange [0:*]
set ylabel "MiB"
set title "Peak memory of all processes"
plot "{path}.dat" using 1:5 with linespoints lw 2 pt 7 title "sum of VmHWM", \\
     "" using 1:6 with linespoints lw 2 pt 7 title "sum of PSS"
unset multiplot
"""


def draw(points, path):
    """Of (entries, medians) for each size."""
    with open(path + ".dat", "w", encoding="ascii") as file:
        file.write("# entries pass_s ldapsearch_s cpu_s rss_mib pss_mib\n")
        for entries, m in points:
            figures = [m[name] for name in ("pass", "search", "cpu", "rss", "pss")]
            file.write(" ".join([str(entries), *(f"{figure:.4f}" for figure in figures)]) + "\n")
    script = SCRIPT.format(path=path, least=0.7 * points[0][0], most=1.4 * points[-1][0])
    subprocess.run(["gnuplot"], input=script, encoding="utf-8", check=True)
