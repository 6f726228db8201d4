// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options for the target, with every kind of {@link Target}. Only the parser sets the fields. */
@SuppressWarnings("FieldMayBeFinal")
public final class TargetOptions {
    private static final String SCORE = "";

    @Option(
            names = {"-t", "--target"},
            paramLabel = "CLASS",
            description =
                    "The class explained: an index, or one for each example (1,0,2), or argmax. Default: argmax for an "
                            + "output of shape (examples, classes), the only output of a model that has one.")
    @Nullable
    String target;

    @Option(
            names = "--target-at",
            paramLabel = "I,J,...",
            description =
                    "The element explained of an output of any rank, without the example axis: 1,4,4; one for each"
                            + " example: 1,4,4;0,2,2; the sum of a slice: 1,:,: or 0:3; the sum of several: 1+4.")
    @Nullable
    String targetAt;

    @Option(
            names = "--probability",
            paramLabel = "CLASS",
            description = "Explain the probability of a class, softmax of the output, rather than the output itself.")
    @Nullable
    Long probability;

    @Option(
            names = "--sigmoid",
            paramLabel = "CLASS",
            arity = "0..1",
            fallbackValue = SCORE,
            description = "Explain the sigmoid of the model's only output, or of a class: the probability that a single"
                    + " logit stands for.")
    @Nullable
    String sigmoid;

    @Option(
            names = "--difference",
            paramLabel = "CLASS,CLASS",
            description = "Explain why the first class rather than the second: the difference of their outputs. Sets of"
                    + " classes (1+4,2+3) are sums, slices are parted by a semicolon (1,:,:;2,:,:).")
    @Nullable
    String difference;

    @Option(
            names = "--region",
            paramLabel = "CHANNEL:FILE",
            description =
                    "Explain a channel of a segmentation summed over a region: a file (.npy, .npz, .csv) of weights of"
                            + " the places, 1 inside and 0 outside.")
    @Nullable
    String region;

    @Option(
            names = "--detection",
            paramLabel = "COLUMN:X1,Y1,X2,Y2",
            description =
                    "Explain a detector's score: the sum of a column of the output over the boxes that overlap this"
                            + " one by half or more (:0.7 after it for another share). Boxes are corners;"
                            + " center:COLUMN:... if they are center and size.")
    @Nullable
    String detection;

    @Option(
            names = "--classes",
            paramLabel = "NAME,NAME,...|FILE",
            description =
                    "What the model's classes are called, in order: red,green,blue, or a file with one on each line."
                            + " For a model "
                            + "that returns one number, its name.")
    @Nullable
    String classes;

    /** Returns a target with the names of the classes, if they are given. */
    public Target called(Target target) throws IOException {
        if (classes == null) {
            return target;
        }
        try {
            return target.named(names(classes).toArray(String[]::new));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--classes: " + e.getMessage(), e);
        }
    }

    /** Returns the names of classes, which an option lists or names a file of. */
    static List<String> names(String classes) throws IOException {
        Path file = Path.of(classes);
        List<String> names = Files.isRegularFile(file)
                ? Files.readAllLines(file).stream()
                        .filter(line -> !line.isBlank())
                        .toList()
                : NameList.read(classes);
        return names.stream().map(String::strip).toList();
    }

    /**
     * Returns the chosen target, if there is one.
     *
     * @param output shape of the output for one example
     * @param sources reads files
     */
    public Optional<Target> chosen(Shape output, Sources sources) throws IOException {
        List<Target> targets = new ArrayList<>();
        if (target != null) {
            targets.add(named(target));
        }
        if (targetAt != null) {
            targets.add(elements(targetAt));
        }
        if (probability != null) {
            targets.add(Target.probability(probability));
        }
        if (sigmoid != null) {
            targets.add(Target.sigmoid(sigmoid.equals(SCORE) ? Target.output() : sum("--sigmoid", sigmoid)));
        }
        if (difference != null) {
            targets.add(difference(difference));
        }
        if (region != null) {
            targets.add(region(region, output, sources));
        }
        if (detection != null) {
            targets.add(detection(detection));
        }
        if (targets.size() > 1) {
            throw new IllegalArgumentException(
                    "--target, --target-at, --probability, --sigmoid, --difference, --region, "
                            + "--detection: each is a target; give one of them");
        }
        return targets.stream().findFirst();
    }

    private static Target named(String text) {
        return switch (text) {
            case "argmax" -> Target.argmax();
            case "output" -> Target.output();
            default -> {
                if (text.contains("argmax") || text.contains("output")) {
                    throw new IllegalArgumentException("--target " + text + ": argmax and output stand alone");
                }
                if (text.contains(":") || text.contains(";")) {
                    throw new IllegalArgumentException(
                            "--target " + text + ": takes classes; slices and elements are for --target-at");
                }
                long[] classes = Texts.integers("--target", text);
                yield classes.length == 1 ? Target.index(classes[0]) : Target.indexes(classes);
            }
        };
    }

    private static Target elements(String text) {
        if (!text.contains(";")) {
            return sum("--target-at", text);
        }
        if (text.contains(":") || text.contains("+")) {
            throw new IllegalArgumentException("--target-at " + text
                    + ": one for each example is an element each, such as 1,4,4;0,2,2; a slice is the same for all");
        }
        return Target.atEach(Arrays.stream(text.split(";", -1))
                .map(one -> Texts.integers("--target-at", one))
                .toArray(long[][]::new));
    }

    /** Returns the sum of elements or slices. */
    private static Target sum(String option, String text) {
        Target[] terms = Arrays.stream(text.split("\\+", -1))
                .map(term -> term.contains(":") ? Target.slice(term) : Target.at(Texts.integers(option, term)))
                .toArray(Target[]::new);
        return terms.length == 1 ? terms[0] : Target.sum(terms);
    }

    private static Target difference(String text) {
        String[] sides = text.split(text.contains(";") ? ";" : ",", -1);
        if (sides.length != 2) {
            throw new IllegalArgumentException("--difference " + text
                    + ": give two classes, such as 3,8, two sets, such as 1+4,2+3, or two slices with a"
                    + " semicolon, such as 1,:,:;2,:,:");
        }
        return Target.difference(sum("--difference", sides[0]), sum("--difference", sides[1]));
    }

    private static Target region(String text, Shape output, Sources sources) throws IOException {
        int colon = text.indexOf(':');
        if (colon < 1 || colon == text.length() - 1) {
            throw new IllegalArgumentException(
                    "--region " + text + ": write a channel and a file of weights, such as 3:mask.npy");
        }
        String file = text.substring(colon + 1);
        if (InputFile.isImage(Path.of(file))) {
            throw new IllegalArgumentException(
                    "--region " + text + ": give the weights as .npy, .npz or .csv, not as an image");
        }
        long[] channel = Texts.integers("--region", text.substring(0, colon));
        List<Tensor> arrays = sources.arrays(file);
        if (arrays.size() != 1 || channel.length != 1) {
            throw new IllegalArgumentException(
                    "--region " + text + ": takes one channel, and a file of one array; here are " + channel.length
                            + " and " + arrays.size());
        }
        return Target.region(channel[0], places(arrays.get(0), output.rank() - 2));
    }

    /** Returns a mask without the leading axes of extent 1 that files often have. */
    private static Tensor places(Tensor mask, int axes) {
        long[] dims = mask.shape().dims();
        int extra = dims.length - axes;
        if (axes < 1 || extra <= 0 || Arrays.stream(dims, 0, extra).anyMatch(dim -> dim != 1)) {
            return mask;
        }
        return mask.reshape(Arrays.copyOfRange(dims, extra, dims.length));
    }

    private static Target detection(String text) {
        List<String> parts = new ArrayList<>(List.of(text.split(":", -1)));
        Target.BoxLayout layout = Target.BoxLayout.CORNERS;
        if (!parts.isEmpty() && parts.get(0).matches("[a-z]+")) {
            List<String> layouts = List.of("corners", "center");
            String given = parts.remove(0);
            if (!layouts.contains(given)) {
                throw new IllegalArgumentException("--detection " + text + ": boxes '" + given + "' are unknown; "
                        + NearNames.hint(given, layouts));
            }
            layout = given.equals("center") ? Target.BoxLayout.CENTER_AND_SIZE : Target.BoxLayout.CORNERS;
        }
        if (parts.size() < 2 || parts.size() > 3) {
            throw new IllegalArgumentException("--detection " + text
                    + ": write a column of scores and a box, such as 5:10,20,60,80 or center:5:10,20,60,80:0.7");
        }
        long[] column = Texts.integers("--detection", parts.get(0));
        double[] box = Texts.numbers("--detection", parts.get(1));
        double overlap = parts.size() == 3 ? Texts.numbers("--detection", parts.get(2))[0] : 0.5;
        return Target.detection(layout, Math.toIntExact(column[0]), box, overlap);
    }
}
