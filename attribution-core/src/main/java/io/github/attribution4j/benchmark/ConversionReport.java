// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import io.github.attribution4j.internal.Json;
import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a {@link ConversionCheck} found.
 *
 * @param a the model that was taken to be right
 * @param b the other one
 * @param examples how many were compared
 * @param target as {@code a} decided it
 * @param relative the tolerance, times the largest magnitude of an element
 * @param absolute the tolerance in addition
 * @param lines what was compared, layers in the order in which a run computes them
 * @param onlyA layers that only {@code a} names
 * @param onlyB layers that only {@code b} names
 * @param notes what may be the cause
 */
@Experimental
public record ConversionReport(
        Model.Identity a,
        Model.Identity b,
        int examples,
        String target,
        double relative,
        double absolute,
        List<Line> lines,
        List<String> onlyA,
        List<String> onlyB,
        List<String> notes) {
    /** Few elements, by which a gradient differs where one of many kinks was rounded to its other side. */
    private static final double FEW = 0.02;

    private static final int NAMED = 8;

    /** Copies the lists. */
    public ConversionReport {
        lines = List.copyOf(lines);
        onlyA = List.copyOf(onlyA);
        onlyB = List.copyOf(onlyB);
        notes = notes(lines, notes);
    }

    /** What is compared. */
    public enum Part {
        /** The models' outputs. */
        OUTPUT,
        /** The scores of the target. */
        SCORE,
        /** The gradients of the score by an attributed input. */
        GRADIENT,
        /** What a method attributes to an input. */
        ATTRIBUTION,
        /** The values of a layer. */
        LAYER,
        /** A weight, which only notes speak of. */
        WEIGHT;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Whether two tensors are the same within the tolerance. */
    public enum Verdict {
        /** Every element is. */
        SAME,
        /** An element is not, or the shapes differ. */
        DIFFERENT,
        /** There is nothing to compare; the line has the reason. */
        NOT_COMPARED
    }

    /**
     * What was found of two tensors.
     *
     * @param part what they are
     * @param name of the input, the layer, or of method and input; empty where there is one only
     * @param verdict whether they are the same
     * @param elements how many they have; 0 if they were not compared element by element
     * @param beyond how many of these differ by more than the tolerance
     * @param difference the largest difference of two elements; NaN if only one of them is a number
     * @param largest the largest magnitude of an element of either
     * @param place where the largest difference is, an index for each axis
     * @param ofA the element there
     * @param ofB the element there
     * @param reason why they were not compared, or differ in shape; else empty
     */
    public record Line(
            Part part,
            String name,
            Verdict verdict,
            long elements,
            long beyond,
            double difference,
            double largest,
            List<Long> place,
            double ofA,
            double ofB,
            String reason) {
        /** Copies the list. */
        public Line {
            place = List.copyOf(place);
        }

        static Line notCompared(Part part, String name, String reason) {
            return new Line(part, name, Verdict.NOT_COMPARED, 0, 0, 0, 0, List.of(), 0, 0, reason);
        }

        static Line of(Part part, String name, Tensor one, Tensor other, double relative, double absolute) {
            if (!one.shape().equals(other.shape())) {
                boolean ofInputs = part == Part.GRADIENT || part == Part.ATTRIBUTION;
                return new Line(
                        part,
                        name,
                        ofInputs ? Verdict.NOT_COMPARED : Verdict.DIFFERENT,
                        0,
                        0,
                        0,
                        0,
                        List.of(),
                        0,
                        0,
                        "shape " + one.shape() + " in A, and " + other.shape() + " in B");
            }
            double[] a = one.toDoubleArray();
            double[] b = other.toDoubleArray();
            double largest = 0;
            for (int i = 0; i < a.length; i++) {
                largest = Math.max(largest, Math.max(finite(a[i]), finite(b[i])));
            }
            long beyond = 0;
            int worst = 0;
            double most = 0;
            for (int i = 0; i < a.length; i++) {
                // Equal infinities are equal, and so are two that are no numbers.
                double difference = Double.compare(a[i], b[i]) == 0 ? 0 : Math.abs(a[i] - b[i]);
                if (!(difference <= absolute + relative * largest)) {
                    beyond++;
                }
                if (Double.compare(difference, most) > 0) {
                    most = difference;
                    worst = i;
                }
            }
            return new Line(
                    part,
                    name,
                    beyond == 0 ? Verdict.SAME : Verdict.DIFFERENT,
                    a.length,
                    beyond,
                    most,
                    largest,
                    a.length == 0 ? List.of() : place(one.shape().dims(), worst),
                    a.length == 0 ? 0 : a[worst],
                    a.length == 0 ? 0 : b[worst],
                    "");
        }

        private static double finite(double number) {
            return Double.isFinite(number) ? Math.abs(number) : 0;
        }

        private static List<Long> place(long[] dims, long flat) {
            Long[] place = new Long[dims.length];
            long left = flat;
            for (int axis = dims.length - 1; axis >= 0; axis--) {
                place[axis] = left % dims[axis];
                left /= dims[axis];
            }
            return Arrays.asList(place);
        }

        /** Returns whether the two are the same within the tolerance. */
        public boolean isSame() {
            return verdict == Verdict.SAME;
        }

        /** Returns whether the two differ. */
        public boolean isDifferent() {
            return verdict == Verdict.DIFFERENT;
        }

        String title() {
            return name.isEmpty() ? part.label() : part.label() + " " + NameList.write(name);
        }

        String inWords() {
            return !reason.isEmpty()
                    ? reason
                    : "by at most " + number(difference) + " where the largest is " + number(largest) + "; at " + place
                            + " A has " + number(ofA) + " and B " + number(ofB);
        }
    }

    private static List<String> notes(List<Line> lines, List<String> given) {
        List<String> all = new ArrayList<>(given);
        boolean valuesAgree = lines.stream()
                .noneMatch(
                        line -> line.isDifferent() && line.part() != Part.GRADIENT && line.part() != Part.ATTRIBUTION);
        boolean few = lines.stream()
                .anyMatch(line -> line.part() == Part.GRADIENT
                        && line.isDifferent()
                        && line.beyond() <= Math.max(1, FEW * line.elements()));
        String kink =
                "values agree and few elements of a gradient do not: perhaps a number near a kink, such as that of"
                        + " ReLU or of a maximum, was rounded to its other side; compare other examples too";
        if (valuesAgree && few && !all.contains(kink)) {
            all.add(kink);
        }
        return List.copyOf(all);
    }

    private static String number(double number) {
        return String.format(Locale.ROOT, "%.3g", number);
    }

    /** Returns whether all that was compared is the same. */
    public boolean isSame() {
        return lines.stream().noneMatch(Line::isDifferent);
    }

    /** Returns whether nothing was left out for a reason. */
    public boolean isComplete() {
        return lines.stream().noneMatch(line -> line.verdict() == Verdict.NOT_COMPARED);
    }

    /** Returns the first layer on the way from input to output that differs; empty if none does. */
    public Optional<String> firstDifferentLayer() {
        return lines.stream()
                .filter(line -> line.part() == Part.LAYER && line.isDifferent())
                .map(Line::name)
                .findFirst();
    }

    /** Returns all of it as JSON; numbers that are none are texts. */
    public String toJson() {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("same", isSame());
        object.put("complete", isComplete());
        object.put("a", identity(a));
        object.put("b", identity(b));
        object.put("examples", examples);
        object.put("target", target);
        object.put("relative", relative);
        object.put("absolute", absolute);
        object.put("first_different_layer", firstDifferentLayer().orElse(""));
        object.put("compared", lines.stream().map(ConversionReport::member).toList());
        object.put("only_a", onlyA);
        object.put("only_b", onlyB);
        object.put("notes", notes);
        return Json.write(object);
    }

    private static Map<String, Object> identity(Model.Identity model) {
        Map<String, Object> member = new LinkedHashMap<>();
        member.put("name", model.name());
        member.put("digest", model.digest());
        member.put("engine", model.engine());
        member.put("device", model.device());
        return member;
    }

    private static Map<String, Object> member(Line line) {
        Map<String, Object> member = new LinkedHashMap<>();
        member.put("part", line.part().label());
        member.put("name", line.name());
        member.put("verdict", words(line.verdict()));
        if (line.reason().isEmpty()) {
            member.put("difference", Json.number(line.difference()));
            member.put("largest", Json.number(line.largest()));
            member.put("elements", line.elements());
            member.put("beyond", line.beyond());
            member.put("place", line.place());
            member.put("a", Json.number(line.ofA()));
            member.put("b", Json.number(line.ofB()));
        } else {
            member.put("reason", line.reason());
        }
        return member;
    }

    private static String words(Verdict verdict) {
        return verdict.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** Returns a table with a line for each part, then the first layer that differs, layers of one model, and notes. */
    @Override
    public String toString() {
        List<List<String>> table = new ArrayList<>();
        table.add(List.of("", "verdict", "difference", "largest", "beyond"));
        List<String> reasons = new ArrayList<>();
        for (Line line : lines) {
            boolean counted = line.reason().isEmpty();
            table.add(List.of(
                    line.title(),
                    words(line.verdict()),
                    counted ? number(line.difference()) : "",
                    counted ? number(line.largest()) : "",
                    counted ? line.beyond() + " of " + line.elements() : ""));
            if (!counted) {
                reasons.add(line.title() + ": " + line.reason());
            }
        }
        StringBuilder text = new StringBuilder();
        text.append("A  ").append(described(a)).append('\n');
        text.append("B  ").append(described(b)).append('\n');
        text.append(examples == 1 ? "1 example" : examples + " examples")
                .append(", target ")
                .append(target)
                .append("; the same is within ")
                .append(number(absolute))
                .append(" + ")
                .append(number(relative))
                .append(" of the largest\n\n");
        for (List<String> row : table) {
            text.append(padded(row, table)).append('\n');
        }
        text.append('\n');
        reasons.forEach(reason -> text.append(reason).append('\n'));
        firstDifferentLayer()
                .ifPresent(layer -> text.append("the first layer that differs: ")
                        .append(layer)
                        .append('\n'));
        lines.stream()
                .filter(line -> line.isDifferent() && line.reason().isEmpty())
                .findFirst()
                .ifPresent(line -> text.append(line.title())
                        .append(" differs ")
                        .append(line.inWords())
                        .append('\n'));
        named(text, "layers that only A names: ", onlyA);
        named(text, "layers that only B names: ", onlyB);
        notes.forEach(note -> text.append("note: ").append(note).append('\n'));
        text.append(isSame() ? "all that was compared is the same" : "the models differ");
        text.append(isComplete() ? "" : "; not all could be compared").append('\n');
        return text.toString();
    }

    private static String described(Model.Identity model) {
        return String.join(", ", model.name(), model.engine(), model.device());
    }

    private static void named(StringBuilder text, String title, List<String> layers) {
        if (!layers.isEmpty()) {
            text.append(title)
                    .append(NameList.write(layers.subList(0, Math.min(NAMED, layers.size()))))
                    .append(layers.size() > NAMED ? " and " + (layers.size() - NAMED) + " more" : "")
                    .append('\n');
        }
    }

    private static String padded(List<String> row, List<List<String>> table) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            int column = i;
            int width = table.stream()
                    .mapToInt(each -> each.get(column).length())
                    .max()
                    .orElse(0);
            text.append(i == 0 ? "" : "  ").append(String.format("%-" + Math.max(1, width) + "s", row.get(i)));
        }
        return text.toString().stripTrailing();
    }
}
