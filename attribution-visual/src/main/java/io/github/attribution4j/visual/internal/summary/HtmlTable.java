// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.SvgWriter;
import java.util.Arrays;
import java.util.function.DoubleToIntFunction;

/** Examples and features as a table of HTML. */
public final class HtmlTable {
    private static final int MOST_EXAMPLES = 20;
    private static final int MOST_FEATURES = 10;
    /** Where the color of the largest attribution lies on its scale: black text on it is still easy to read. */
    private static final double STRONGEST = 0.5;

    private HtmlTable() {}

    /**
     * Writes the first examples and the features of the largest mean magnitude, and says how many more there are.
     *
     * @param signs the color of an attribution, from negative (−1) to positive (1)
     */
    public static String write(Examples examples, DoubleToIntFunction signs) {
        int[] features = Arrays.copyOf(examples.ranked(), Math.min(MOST_FEATURES, examples.features()));
        int rows = Math.min(MOST_EXAMPLES, examples.size());
        double largest = Arrays.stream(features)
                .mapToObj(feature -> examples.attributions()[feature])
                .flatMapToDouble(Arrays::stream)
                .map(Math::abs)
                .max()
                .orElse(0);
        boolean scored = examples.scores().length > 0;
        StringBuilder out = new StringBuilder("<table style=\"border-collapse:collapse\">\n<thead><tr><th></th>")
                .append(scored ? "<th>score</th>" : "");
        for (int feature : features) {
            out.append("<th>")
                    .append(SvgWriter.escape(examples.names()[feature]))
                    .append("</th>");
        }
        out.append("</tr></thead>\n<tbody>\n");
        for (int example = 0; example < rows; example++) {
            out.append("<tr><th>")
                    .append(SvgWriter.escape(examples.labels()[example]))
                    .append("</th>");
            if (scored) {
                out.append("<td>")
                        .append(Numbers.brief(examples.scores()[example]))
                        .append("</td>");
            }
            for (int feature : features) {
                double attribution = examples.attributions()[feature][example];
                String value = SvgWriter.escape(examples.columns()[feature].text(example));
                out.append("<td style=\"color:#000;background:")
                        .append(OkLab.css(signs.applyAsInt(largest == 0 ? 0 : STRONGEST * attribution / largest)))
                        .append("\">")
                        .append(value.isEmpty() ? "" : value + "<br/>")
                        .append(Examples.signed(attribution))
                        .append("</td>");
            }
            out.append("</tr>\n");
        }
        return out.append("</tbody></table>\n")
                .append(left(examples.size() - rows, "example"))
                .append(left(examples.features() - features.length, "feature"))
                .toString();
    }

    private static String left(int number, String what) {
        return number == 0 ? "" : "<p>" + number + " more " + what + (number == 1 ? "" : "s") + "</p>\n";
    }
}
