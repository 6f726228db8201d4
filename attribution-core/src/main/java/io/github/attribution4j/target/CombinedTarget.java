// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.target;

import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The sum of some targets' scores minus that of others. */
record CombinedTarget(List<Target> plus, List<Target> minus) implements Target {
    CombinedTarget {
        plus = List.copyOf(plus);
        minus = List.copyOf(minus);
        if (plus.isEmpty()) {
            throw new IllegalArgumentException("targets: none given; name at least one");
        }
    }

    @Override
    public Tensor score(Tensor output, long[] examples) {
        Tensor score = plus.get(0).score(output, examples);
        for (Target target : plus.subList(1, plus.size())) {
            score = score.add(target.score(output, examples));
        }
        for (Target target : minus) {
            score = score.sub(target.score(output, examples));
        }
        return score;
    }

    @Override
    public Tensor cotangent(Tensor output, long[] examples) {
        Tensor cotangent = plus.get(0).cotangent(output, examples);
        for (Target target : plus.subList(1, plus.size())) {
            cotangent = cotangent.add(target.cotangent(output, examples));
        }
        for (Target target : minus) {
            cotangent = cotangent.sub(target.cotangent(output, examples));
        }
        return cotangent;
    }

    @Override
    public void check(Shape output, long examples, Problems problems) {
        parts().forEach(target -> target.check(output, examples, problems));
        boolean function = parts().anyMatch(FunctionTarget.class::isInstance);
        if (!minus.isEmpty() && !function && described(plus).equals(described(minus))) {
            problems.add("target " + describe() + ": is 0 whatever the model answers; choose two that differ");
        }
    }

    private Stream<Target> parts() {
        return Stream.concat(plus.stream(), minus.stream());
    }

    @Override
    public Target resolve(Tensor output) {
        return each(target -> target.resolve(output));
    }

    @Override
    public Target forExamples(long[] examples) {
        return each(target -> target.forExamples(examples));
    }

    private Target each(UnaryOperator<Target> change) {
        return new CombinedTarget(
                plus.stream().map(change).toList(), minus.stream().map(change).toList());
    }

    @Override
    public List<String> notices(Tensor output) {
        return parts().flatMap(target -> target.notices(output).stream())
                .distinct()
                .toList();
    }

    /** Returns one text for all examples, or one for each example if a part has one for each. */
    @Override
    public List<String> words(List<String> classes) {
        List<List<String>> first = plus.stream()
                .map(target -> within(target, target.words(classes)))
                .toList();
        List<List<String>> second = minus.stream()
                .map(target -> within(target, target.words(classes)))
                .toList();
        int count = Stream.concat(first.stream(), second.stream())
                .mapToInt(List::size)
                .max()
                .orElse(1);
        return IntStream.range(0, count)
                .mapToObj(i -> joined(first, i) + (second.isEmpty() ? "" : " minus " + joined(second, i)))
                .toList();
    }

    private static String joined(List<List<String>> parts, int example) {
        String sum = parts.stream()
                .map(words -> words.get(words.size() == 1 ? 0 : example))
                .collect(Collectors.joining(" plus "));
        return parts.size() == 1 ? sum : "(" + sum + ")";
    }

    @Override
    public String describe() {
        return described(plus) + (minus.isEmpty() ? "" : " minus " + described(minus));
    }

    private static String described(List<Target> targets) {
        return joined(
                targets.stream()
                        .map(target -> within(target, List.of(target.describe())))
                        .toList(),
                0);
    }

    /** Returns the words of a target as they stand within those of another: a difference in parentheses. */
    static List<String> within(Target target, List<String> words) {
        return isDifference(target)
                ? words.stream().map(each -> "(" + each + ")").toList()
                : words;
    }

    private static boolean isDifference(Target target) {
        return target.unnamed() instanceof CombinedTarget combined && !combined.minus.isEmpty();
    }
}
