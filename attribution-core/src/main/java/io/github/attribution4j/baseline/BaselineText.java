// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads baselines: in the short form that people write, and as {@link Baseline#describe} writes them. */
final class BaselineText {
    static final Kind<Baseline> KIND =
            Kind.ofSources("baseline", BaselineText::read).said(Baseline::describe);

    private static final String LIFTED = " through head";

    /** The short form: {@code kind:rest}. */
    private static final Pattern SHORT = Pattern.compile(
            "\\s*(blur|uniform|normal|samples|kmeans|mean|token|head):(.*)", Pattern.DOTALL | Pattern.CASE_INSENSITIVE);

    /** The form of {@link Baseline#describe}. */
    private static final Pattern SAID =
            Pattern.compile("(blurred|uniform|normal)\\((.*)\\)|(samples|mean of samples|tensor|token) (.*)");

    private static final Pattern CLUSTERS =
            Pattern.compile("\\s*(\\d+)(?: clusters of samples |\\s*:)(.+)", Pattern.DOTALL);

    private static final Pattern TOKEN = Pattern.compile("(\\d+)(?: keeping |:)?(.*)");

    private BaselineText() {}

    private static Baseline read(String text, Sources sources) throws IOException {
        if (text.startsWith(Baseline.MEAN_OVER)) {
            return read(text.substring(Baseline.MEAN_OVER.length()), sources);
        }
        if (text.endsWith(LIFTED)) {
            return read(text.substring(0, text.length() - LIFTED.length()), sources)
                    .throughHead();
        }
        Matcher shortly = SHORT.matcher(text);
        if (shortly.matches()) {
            return named(shortly.group(1), shortly.group(2), sources);
        }
        if (text.contains(" clusters of ")) {
            return clusters(text, sources);
        }
        Matcher said = SAID.matcher(text);
        if (said.matches()) {
            return said.group(1) == null
                    ? named(said.group(3), said.group(4), sources)
                    : named(said.group(1), said.group(2), sources);
        }
        return Numbers.are(text) ? Baseline.constant(Numbers.of(text)) : Baseline.of(arrays(sources.arrays(text)));
    }

    private static Baseline named(String name, String rest, Sources sources) throws IOException {
        return switch (name) {
            case "blur", "blurred" -> Baseline.blurred(Double.parseDouble(rest.strip()));
            case "uniform" -> {
                double[] ends = two("uniform:0,1", rest);
                yield Baseline.uniform(ends[0], ends[1]);
            }
            case "normal" -> {
                double[] moments = two("normal:0,1", rest);
                yield Baseline.normal(moments[0], moments[1]);
            }
            case "samples" -> Baseline.samples(arrays(sources.arrays(rest)));
            case "kmeans" -> clusters(rest, sources);
            case "mean", "mean of samples" -> Baseline.mean(arrays(sources.arrays(rest)));
            case "tensor" -> Baseline.of(arrays(sources.arrays(rest)));
            case "head" -> read(rest, sources).throughHead();
            default -> token(rest);
        };
    }

    private static Baseline clusters(String text, Sources sources) throws IOException {
        Matcher clusters = CLUSTERS.matcher(text);
        if (!clusters.matches()) {
            throw new IllegalArgumentException("needs a number of clusters and a file, such as kmeans:20:rows.npz");
        }
        return Baseline.kMeans(Integer.parseInt(clusters.group(1)), arrays(sources.arrays(clusters.group(2))));
    }

    private static Baseline token(String text) {
        Matcher token = TOKEN.matcher(text.strip());
        if (!token.matches()) {
            throw new NumberFormatException(text);
        }
        Baseline.Token reference = Baseline.token(Long.parseLong(token.group(1)));
        return token.group(2).isBlank() ? reference : reference.keeping(Numbers.integers(token.group(2)));
    }

    private static double[] two(String example, String text) {
        double[] given = Numbers.of(text);
        if (given.length != 2) {
            throw new IllegalArgumentException("needs two numbers, such as " + example);
        }
        return given;
    }

    private static Tensor[] arrays(List<Tensor> tensors) {
        return tensors.toArray(Tensor[]::new);
    }
}
