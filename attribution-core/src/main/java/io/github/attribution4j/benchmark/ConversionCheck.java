// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.benchmark.ConversionReport.Line;
import io.github.attribution4j.benchmark.ConversionReport.Part;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Whether two files are the same model: an archive and the graph that was exported from it, or a model before and after
 * an optimizer, on any engines. An immutable value; the models are arguments of {@link #compare compare}.
 *
 * <pre>{@code
 * ConversionReport report = ConversionCheck.of(new IntegratedGradients())
 *         .compare(archive, inputs, graph, inputs, Target.argmax(), Run.defaults());
 * System.out.println(report);
 * assert report.isSame();
 * }</pre>
 *
 * <p>Compared are the outputs, the scores of the target, the gradients of the score by the attributed inputs, the
 * attributions of the methods, and the values of every layer that both models name. Random numbers come from the seed,
 * so that methods which sample take the same samples from both. A target such as {@link Target#argmax()} is decided by
 * the first model.
 *
 * <p>Two tensors a and b are the same if |a − b| ≤ absolute + relative · max(|a|, |b|) for each element, where the
 * maximum is over all elements of both: the elements near zero of a gradient are rounded like its largest.
 *
 * <p>A part that one of the models does not have, such as gradients of trees, is not compared, and the report says why.
 *
 * <p><b>Cost.</b> For each model: a forward row and, for gradients, another and a backward row for each example; what
 * the methods cost; a forward row for each example and layer.
 *
 * @param <M> the least capable model that all methods explain
 */
@Experimental
public final class ConversionCheck<M extends Model> {
    private static final double RELATIVE = 1e-4;
    private static final double ABSOLUTE = 1e-6;

    private final Map<String, Attribution<? super M>> methods;
    private final double relative;
    private final double absolute;
    private final boolean layers;

    private ConversionCheck(
            Map<String, Attribution<? super M>> methods, double relative, double absolute, boolean layers) {
        this.methods = methods;
        this.relative = relative;
        this.absolute = absolute;
        this.layers = layers;
    }

    /**
     * Returns a check.
     *
     * @param methods whose attributions are compared, none twice; may be empty
     * @throws IllegalArgumentException if one is given twice
     */
    public static <M extends Model> ConversionCheck<M> of(List<? extends Attribution<? super M>> methods) {
        Map<String, Attribution<? super M>> named =
                methods.isEmpty() ? Map.of() : Labels.of("method", methods, Attribution::name, Attribution::inWords);
        return new ConversionCheck<>(named, RELATIVE, ABSOLUTE, true);
    }

    /** Returns a check, whose models follow from its methods; otherwise as {@link #of(List)}. */
    @SafeVarargs
    public static <M extends Model> ConversionCheck<M> of(Attribution<? super M>... methods) {
        List<Attribution<? super M>> all = new ArrayList<>();
        for (Attribution<? super M> method : methods) {
            all.add(method);
        }
        return of(all);
    }

    /**
     * Returns a copy with another tolerance; 1e-4 of the largest element, and 1e-6, unless set.
     *
     * @param ofLargest times the largest magnitude of an element of either tensor
     * @param anyway in addition
     * @throws IllegalArgumentException if one of them is negative or not a number
     */
    public ConversionCheck<M> within(double ofLargest, double anyway) {
        if (!(ofLargest >= 0) || !(anyway >= 0)) {
            throw new IllegalArgumentException(
                    "tolerance: " + ofLargest + " and " + anyway + " are given; neither may be negative");
        }
        return new ConversionCheck<>(methods, ofLargest, anyway, layers);
    }

    /** Returns a copy that compares layers, as without being told, or does not. */
    public ConversionCheck<M> layers(boolean compared) {
        return new ConversionCheck<>(methods, relative, absolute, compared);
    }

    /**
     * Compares two models.
     *
     * @param a the model that is taken to be right
     * @param inputsOfA examples
     * @param b the other one
     * @param inputsOfB the same examples, as this model takes them
     * @param target of both; decided by {@code a}
     * @param run seed, batches, deadline for all of it
     * @throws ModelException if one of them does not run on its inputs, with the name of the model
     * @throws InvalidRequestException if inputs and target do not fit {@code a}
     * @throws io.github.attribution4j.run.Run.CancelledException if the run was cancelled
     * @throws io.github.attribution4j.run.Run.DeadlineExceededException if the time was over
     */
    public ConversionReport compare(M a, Inputs inputsOfA, M b, Inputs inputsOfB, Target target, Run run) {
        return new Comparing(a, inputsOfA, b, inputsOfB, run.started().quiet()).report(target);
    }

    /** What is computed of a model, besides by methods. */
    private record Step(Need need) implements Evaluator.Recipe {
        @Override
        public String name() {
            return "convert-check";
        }

        @Override
        public Map<String, Object> settings() {
            return Map.of();
        }
    }

    /** One comparison. */
    private final class Comparing {
        private final M a;
        private final Inputs inputsOfA;
        private final M b;
        private final Inputs inputsOfB;
        private final Run run;
        private final List<Line> lines = new ArrayList<>();
        private final List<String> notes = new ArrayList<>();

        Comparing(M a, Inputs inputsOfA, M b, Inputs inputsOfB, Run run) {
            this.a = a;
            this.inputsOfA = inputsOfA;
            this.b = b;
            this.inputsOfB = inputsOfB;
            this.run = run;
        }

        ConversionReport report(Target target) {
            try (TensorScope scope = TensorScope.open()) {
                Evaluator first = start("A", a, inputsOfA, target, Need.FORWARD);
                Tensor ofA = outputs("A", a, first);
                Target decided = of("A", a, () -> {
                    first.scores();
                    return first.target();
                });
                Evaluator second =
                        of("B", b, () -> Evaluator.start(new Step(Need.FORWARD), b, inputsOfB, Target.slice(), run));
                Tensor ofB = outputs("B", b, second);
                Line output = compared(Part.OUTPUT, "", ofA, ofB);
                lines.add(output);
                if (!output.isSame()) {
                    notes.addAll(OutputHints.of(ofA, ofB, relative, absolute));
                }
                add(Part.SCORE, "", () -> List.of(scores(first, decided)));
                addGradients(decided);
                methods.forEach((name, method) -> addAttributions(name, method, decided));
                List<String> onlyA = List.of();
                List<String> onlyB = List.of();
                if (layers && a instanceof LayeredModel one && b instanceof LayeredModel other) {
                    Layers common = new Layers(one, other);
                    onlyA = common.onlyA();
                    onlyB = common.onlyB();
                    common.compareEach();
                }
                return new ConversionReport(
                        a.identity(),
                        b.identity(),
                        first.examples(),
                        decided.toString(),
                        relative,
                        absolute,
                        lines,
                        onlyA,
                        onlyB,
                        notes);
            }
        }

        private Evaluator start(String side, M model, Inputs inputs, Target target, Need need) {
            return of(side, model, () -> Evaluator.start(new Step(need), model, inputs, target, run));
        }

        private Tensor outputs(String side, M model, Evaluator evaluator) {
            return of(side, model, evaluator::outputs);
        }

        /** Computes something of a model whose name a failure then has. */
        private <T> T of(String side, M model, Supplier<T> what) {
            try {
                return what.get();
            } catch (ModelException.OutOfMemory e) {
                throw e;
            } catch (ModelException e) {
                String said = "model " + side + " ('" + model.identity().name() + "'): " + e.getMessage();
                throw e instanceof UnsupportedModelException
                        ? new UnsupportedModelException(said, e)
                        : new ModelException(said, e);
            }
        }

        private Line compared(Part part, String name, Tensor ofA, Tensor ofB) {
            return Line.of(part, name, ofA, ofB, relative, absolute);
        }

        /** Adds lines, or one that says why there are none. What a model cannot do is no failure of the comparison. */
        private void add(Part part, String name, Supplier<List<Line>> found) {
            try (TensorScope scope = TensorScope.open()) {
                lines.addAll(found.get());
            } catch (ModelException.OutOfMemory e) {
                throw e;
            } catch (ModelException | InvalidRequestException e) {
                lines.add(Line.notCompared(part, name, String.valueOf(e.getMessage())));
            }
        }

        private Line scores(Evaluator first, Target decided) {
            Evaluator other = start("B", b, inputsOfB, decided, Need.FORWARD);
            return compared(Part.SCORE, "", numbers(first.scores()), numbers(of("B", b, other::scores)));
        }

        private Tensor numbers(double[] scores) {
            return Tensors.ofJava().of(scores, scores.length);
        }

        private void addGradients(Target decided) {
            List<String> names = inputsOfA.attributedInputs().stream()
                    .map(Inputs.Input::name)
                    .toList();
            if (!(a instanceof DifferentiableModel) || !(b instanceof DifferentiableModel)) {
                lines.add(Line.notCompared(Part.GRADIENT, "", "one of the models has no gradients"));
                return;
            }
            add(
                    Part.GRADIENT,
                    "",
                    () -> each(
                            Part.GRADIENT,
                            "",
                            names,
                            gradients("A", a, inputsOfA, decided),
                            gradients("B", b, inputsOfB, decided)));
        }

        private List<Tensor> gradients(String side, M model, Inputs inputs, Target decided) {
            return of(
                    side,
                    model,
                    () -> Evaluator.start(new Step(Need.GRADIENTS), model, inputs, decided, run)
                            .gradientsAtInputs());
        }

        private void addAttributions(String name, Attribution<? super M> method, Target decided) {
            Target asked = method.ownScore().isPresent() ? Target.output() : decided;
            add(Part.ATTRIBUTION, name, () -> {
                try (Explanation one = of("A", a, () -> method.attribute(a, inputsOfA, asked, run));
                        Explanation other = of("B", b, () -> method.attribute(b, inputsOfB, asked, run))) {
                    return each(Part.ATTRIBUTION, name, one.names(), one.attributions(), other.attributions());
                }
            });
        }

        /** A line for each of several tensors, if both models have as many. */
        private List<Line> each(Part part, String title, List<String> names, List<Tensor> ofA, List<Tensor> ofB) {
            if (ofA.size() != ofB.size()) {
                return List.of(Line.notCompared(
                        part, title, "A has " + ofA.size() + " attributed inputs, and B has " + ofB.size()));
            }
            List<Line> each = new ArrayList<>();
            for (int i = 0; i < ofA.size(); i++) {
                String name = title.isEmpty() ? names.get(i) : title + " of " + names.get(i);
                each.add(compared(part, name, ofA.get(i), ofB.get(i)));
            }
            return each;
        }

        /** The layers that both models name. */
        private final class Layers {
            private final LayeredModel one;
            private final LayeredModel other;
            private final Map<String, Cut.Point> ofA;
            private final Map<String, Cut.Point> ofB;

            Layers(LayeredModel one, LayeredModel other) {
                this.one = one;
                this.other = other;
                this.ofA = points("A", one);
                this.ofB = points("B", other);
            }

            private Map<String, Cut.Point> points(String side, LayeredModel model) {
                Map<String, Cut.Point> points = new LinkedHashMap<>();
                try {
                    for (Cut.Point point : LayerOrder.of(model)) {
                        points.put(point.toString(), point);
                    }
                } catch (UnsupportedModelException e) {
                    notes.add("layers of " + side + " are not known: " + e.getMessage());
                }
                return points;
            }

            List<String> onlyA() {
                return without(ofA, ofB);
            }

            List<String> onlyB() {
                return without(ofB, ofA);
            }

            /** The modules that only one has. Values inside them have names that only their file knows. */
            private List<String> without(Map<String, Cut.Point> these, Map<String, Cut.Point> those) {
                return these.keySet().stream()
                        .filter(name -> !those.containsKey(name) && !name.contains("/"))
                        .toList();
            }

            void compareEach() {
                // Of two models the one whose program tells in which order layers are done.
                Map<String, Cut.Point> order = LayerOrder.isKnown(one) || !LayerOrder.isKnown(other) ? ofA : ofB;
                Optional<Line> firstDifferent = Optional.empty();
                for (String name : order.keySet()) {
                    Cut.Point left = ofA.get(name);
                    Cut.Point right = ofB.get(name);
                    if (left == null || right == null) {
                        continue;
                    }
                    add(
                            Part.LAYER,
                            name,
                            () -> List.of(compared(
                                    Part.LAYER,
                                    name,
                                    value("A", a, one.cut(left), inputsOfA),
                                    value("B", b, other.cut(right), inputsOfB))));
                    Line line = lines.get(lines.size() - 1);
                    if (firstDifferent.isEmpty() && line.isDifferent()) {
                        firstDifferent = Optional.of(line);
                    }
                }
                firstDifferent.ifPresent(line -> notes.addAll(weights(line.name())));
            }

            private Tensor value(String side, M model, Cut cut, Inputs inputs) {
                return of(
                        side,
                        model,
                        () -> Evaluator.onBehalf(new Step(Need.LAYERS), model, inputs, run)
                                .activationsAtInputs(cut)
                                .get(0));
            }

            /** What the weights of a layer say that differs, if both models name some. */
            private List<String> weights(String layer) {
                List<String> said = new ArrayList<>();
                int equal = 0;
                List<String> known = other.weightNames();
                for (String weight : one.weightNames()) {
                    if (weight.startsWith(layer + ".") && known.contains(weight)) {
                        Line line = compared(Part.WEIGHT, weight, one.weight(weight), other.weight(weight));
                        if (line.isSame()) {
                            equal++;
                        } else {
                            said.add("weight " + weight + " differs: " + line.inWords());
                        }
                    }
                }
                if (said.isEmpty() && equal > 0) {
                    said.add("the weights of " + layer + " that both files name are the same: look at what it is given,"
                            + " such as the preparation of the inputs, or at its settings");
                }
                return said;
            }
        }
    }

    @Override
    public String toString() {
        return "ConversionCheck" + methods.keySet();
    }
}
