// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.answer;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.Remedies;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.visual.TextTable;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** An explanation as text in the terminal. */
public final class Report {
    private Report() {}

    /** The properties of the terminal. */
    public record Style(int width, boolean colors, boolean ascii) {}

    /** Prints one example as a table. */
    public static void table(
            PrintWriter out,
            Explained explained,
            int example,
            List<String> show,
            List<String> tokens,
            int top,
            Style style) {
        Explanation explanation = explained.explanation();
        Features features = Features.of(explained, example, show, tokens);
        TextTable table = (features.own()
                        ? TextTable.of(explanation, example)
                        : TextTable.of(features.names(), features.attributions()))
                .title(Pictures.title(explanation, example))
                .top(top)
                .width(style.width())
                .ansi(style.colors())
                .ascii(style.ascii());
        if (features.valued() && !features.own()) {
            table = table.values(features.values());
        }
        if (features.complete()) {
            table = table.score(explanation.scores()[example]);
            if (explanation.baselineScores().isPresent()) {
                table = table.baselineScore(explanation.baselineScores().get()[example]);
            }
            if (explanation.hasCompletenessGap()) {
                table = table.completenessGap(explanation.completenessGap()[example]);
            }
        }
        out.print(table.render());
    }

    /** Prints cost and notices. */
    public static void summary(PrintWriter out, Explanation explanation) {
        Counts counts = explanation.counts();
        StringBuilder line = new StringBuilder()
                .append(Texts.count(counts.forwardRows(), "forward row"))
                .append(", ")
                .append(Texts.count(counts.backwardRows(), "backward row"))
                .append(" in ")
                .append(Texts.count(counts.batches(), "call"))
                .append(", ")
                .append(Texts.time(explanation.elapsed()));
        if (!explanation.standardErrors().isEmpty()) {
            double largest = 0;
            for (Tensor errors : explanation.standardErrors()) {
                largest = Math.max(
                        largest, Arrays.stream(errors.toDoubleArray()).max().orElse(0));
            }
            line.append(String.format(Locale.ROOT, "; standard errors up to %.2g", largest));
        }
        out.println(line);
        explanation.notices().forEach(notice -> out.println("note: " + Remedies.translate(notice)));
    }
}
