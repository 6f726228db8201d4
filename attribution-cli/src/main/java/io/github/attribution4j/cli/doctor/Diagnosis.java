// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.doctor;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.Remedies;
import io.github.attribution4j.cli.answer.Explainer;
import io.github.attribution4j.cli.question.ForwardOnly;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;

/** The findings of {@code doctor}, each reported at once. */
public final class Diagnosis {
    /** The number of examples among which rows that change each other are looked for. */
    private static final int ROWS = 4;

    /** Calls of a model that draws random numbers, before its answers are said to be the same. */
    private static final int CALLS_OF_RANDOM_MODELS = 10;

    /** The relative change of an element that leaves it a valid input. */
    private static final double NEARBY = 0.1;

    private static final int LISTED_STATES = 5;

    /** Receives the findings. */
    public interface Findings {
        /**
         * Reports a finding.
         *
         * @param verdict {@code ok}, {@code note} or {@code no}; of a method {@code yes} or {@code no}
         * @param what the thing examined, or the name of the method
         * @param detail an explanation, may be empty
         */
        void found(String verdict, String what, String detail);

        /** Reports a line between findings. */
        default void text(String line) {}

        /** Returns a receiver that prints the findings. */
        static Findings printed(PrintWriter out) {
            return new Findings() {
                @Override
                public void found(String verdict, String what, String detail) {
                    out.println(String.format("%-5s %-22s %s", verdict, what, detail)
                            .stripTrailing());
                }

                @Override
                public void text(String line) {
                    out.println(line);
                }
            };
        }
    }

    private final Findings findings;
    private final RuledModel model;

    public Diagnosis(Findings findings, RuledModel model) {
        this.findings = findings;
        this.model = model;
    }

    /** Reports a finding; what the library says in words of Java is said in those of the command line. */
    private void say(String verdict, String what, String detail) {
        findings.found(verdict, what, Remedies.translate(detail));
    }

    /** Reports what the archive alone shows. */
    public void model(Path file) throws IOException {
        Model.Identity identity = model.identity();
        say("ok", "loads", identity.name() + ", " + Files.size(file) + " bytes, sha256 " + identity.digest());
        say("ok", "engine", identity.engine() + " on " + identity.device());
        if (model instanceof ForwardOnly forward) {
            say("note", "gradients", forward.refusal());
            return;
        }
        String remedy = "; export the model without folding its computation away";
        if (model instanceof TorchScriptModel archive) {
            remedy = "; save the model without torch.jit.freeze";
            archive(archive);
        } else if (model instanceof OnnxModel onnx) {
            say("ok", "signature", onnx.signature());
            if (!onnx.outputNames().equals(List.of(onnx.output()))) {
                say("ok", "explains", onnx.output() + "; --output chooses another one, or any value by its name");
            }
        }
        List<Cut.Point> points = model.cutPoints();
        if (points.isEmpty()) {
            say("no", "layers", "none found, so nothing can be explained at a layer" + remedy);
        } else {
            say(
                    "ok",
                    "layers",
                    Texts.count(points.size(), "cut point") + ", from " + points.get(0) + " to "
                            + points.get(points.size() - 1) + "; 'attribution layers' lists them");
        }
        rules("rules, deeplift", new DeepLift().rules());
        rules("rules, lrp", Composites.epsilonPlus());
    }

    private void archive(TorchScriptModel archive) {
        say("ok", "signature", archive.signature());
        for (String repair : archive.repairs()) {
            say("note", "repaired", repair);
        }
        List<String> state = archive.stateNames();
        if (!state.isEmpty()) {
            say("note", "state", "keeps state between calls; explained from the state of the file: " + some(state));
        }
    }

    private static String some(List<String> names) {
        int shown = Math.min(names.size(), LISTED_STATES);
        String more = shown < names.size() ? " and " + (names.size() - shown) + " more" : "";
        return String.join(", ", names.subList(0, shown)) + more;
    }

    /** Reports the operations without a rule: a method refuses a model where a gradient would pass one of them. */
    private void rules(String what, RuleSet rules) {
        List<Operation> all;
        try {
            all = model.operations();
            model.with(rules);
        } catch (UnsupportedModelException e) {
            say("note", what, Failure.of(e).line());
            return;
        }
        Map<String, List<String>> missing = new TreeMap<>();
        for (Operation operation : all) {
            boolean needed = operation.kind() != Operation.Kind.RESHAPE;
            if (needed && rules.ruleFor(operation, all).isEmpty()) {
                missing.computeIfAbsent(operation.plainName(), key -> new ArrayList<>())
                        .add(operation.address());
            }
        }
        List<String> names = new ArrayList<>();
        missing.forEach((name, addresses) -> names.add(name + " (" + addresses.get(0)
                + (addresses.size() > 1 ? " and " + (addresses.size() - 1) + " more" : "") + ")"));
        say(
                missing.isEmpty() ? "ok" : "note",
                what,
                missing.isEmpty()
                        ? "one for each of " + Texts.count(all.size(), "operation")
                        : "none for " + String.join(", ", names) + "; refused where a gradient has to pass");
    }

    /** Reports what the model shows with an input. */
    public void input(Request request) {
        Inputs one = Request.fewest(model, request.inputs());
        say("ok", "input", describe(request.inputs()));
        try (TensorScope scope = TensorScope.open()) {
            Tensor output = model.forward(one);
            say(
                    "ok",
                    "forward",
                    "output " + output.dataType() + " " + output.shape() + " for "
                            + (one.rows() == 1 ? "one example" : one.rows() + " examples; one alone fails"));
            double[] first = output.toDoubleArray();
            if (Arrays.stream(first).allMatch(Double::isFinite)) {
                say("ok", "finite output", "");
            } else {
                say(
                        "no",
                        "finite output",
                        "the output holds NaN or infinity, which nothing can explain; check the input's scale");
            }
            // A dropout of few numbers may well draw the same twice.
            int calls = model.randomDraws().isEmpty() ? 1 : CALLS_OF_RANDOM_MODELS;
            boolean same = true;
            for (int call = 0; same && call < calls; call++) {
                same = Arrays.equals(first, model.forward(one).toDoubleArray());
            }
            say(
                    same ? "ok" : "no",
                    "same answer twice",
                    same
                            ? ""
                            : "the model is random"
                                    + (model.randomDraws().isEmpty() ? "" : " (" + some(model.randomDraws()) + ")")
                                    + ": was it saved in train mode?");
        }
        rows(request);
        gradients(one);
    }

    /** Reports that the output for one example has no axis of rows, and the remedy if one is known. */
    public void withoutRows(Shape output, String hint) {
        say(
                "no",
                "output has rows",
                "shape " + output + " for one example; axis 0 must count examples"
                        + (hint.isEmpty() ? "" : "; " + hint));
    }

    private static String describe(Inputs inputs) {
        List<String> all = new ArrayList<>();
        for (Inputs.Input input : inputs.all()) {
            all.add(input.name() + " " + input.tensor().dataType() + " "
                    + input.tensor().shape()
                    + (input.role() == Inputs.Role.ATTRIBUTED
                            ? ""
                            : " " + input.role().name().toLowerCase(Locale.ROOT))
                    + (input.rowAxis() == 0 ? "" : " with examples on axis " + input.rowAxis()));
        }
        return String.join(", ", all);
    }

    /**
     * Lets the runner find out whether rows change each other: it compares the result of a row alone with its result
     * among other rows. The other rows are those of the request, and copies of the example with one half replaced: by
     * zeros if the model takes zeros, else by elements slightly changed, which are as valid as those given.
     */
    private void rows(Request request) {
        Inputs all = request.inputs();
        Inputs few =
                all.rows() <= ROWS ? all : all.select(LongStream.range(0, ROWS).toArray());
        try (TensorScope scope = TensorScope.open()) {
            Target target = target(request.outputShape());
            boolean zeros = takesZeros(few, target);
            Baseline others = zeros ? Baseline.zeros() : Baseline.of(nearby(few));
            List<String> notices = notices(few, target, others, Run.defaults());
            List<String> told = notices.stream()
                    .filter(line -> line.contains("row by row") || line.contains("each single row was run beside"))
                    .toList();
            told.forEach(line -> say("note", "rows", line));
            if (told.isEmpty() && !zeros && !varied(few)) {
                say(
                        "note",
                        "rows",
                        "not compared: zeros give no finite output here, and there is one example, of integers; give"
                                + " two"
                                + " examples or more");
            } else if (told.isEmpty()) {
                say("ok", "rows independent", "");
            }
        } catch (ModelException | IllegalArgumentException e) {
            say("no", "rows", Failure.of(e).line());
        }
    }

    /** Returns whether each row that contains zeros has a score when it is alone. */
    private boolean takesZeros(Inputs few, Target target) {
        try {
            notices(few, target, Baseline.zeros(), Run.defaults().batchRows(1));
            return true;
        } catch (ModelException.OutOfMemory e) {
            throw e;
        } catch (ModelException | IllegalArgumentException e) {
            return false;
        }
    }

    private List<String> notices(Inputs few, Target target, Baseline others, Run run) {
        FeatureAblation trial = new FeatureAblation()
                .mask(FeatureMask.of(halves(few).toArray(Tensor[]::new)))
                .baseline(others);
        try (Explanation found = trial.attribute(model, few, target, run)) {
            return found.notices();
        }
    }

    /** Returns whether the rows of {@link #nearby} differ from those given. */
    private static boolean varied(Inputs few) {
        return few.rows() > 1
                || few.attributed().stream()
                        .anyMatch(tensor -> tensor.dataType().isFloating());
    }

    /** Returns elements within a tenth of those given; integers come from the next example. */
    private static Tensor[] nearby(Inputs few) {
        Random random = new Random(0);
        long[] next =
                LongStream.range(1, few.rows() + 1).map(row -> row % few.rows()).toArray();
        return few.attributed().stream()
                .map(tensor -> {
                    if (!tensor.dataType().isFloating()) {
                        return tensor.select(0, next);
                    }
                    double[] factors = random.doubles(tensor.shape().size(), 1 - NEARBY, 1 + NEARBY)
                            .toArray();
                    return tensor.mul(
                            tensor.tensors().of(factors, tensor.shape()).to(tensor.dataType()));
                })
                .toArray(Tensor[]::new);
    }

    private void gradients(Inputs one) {
        try (TensorScope scope = TensorScope.open();
                Pullback pullback = model.pullback(one)) {
            Tensor output = pullback.output();
            List<Tensor> gradients = pullback.vjp(output.tensors().full(output.shape(), output.dataType(), 1));
            List<String> without = new ArrayList<>();
            for (int i = 0; i < gradients.size(); i++) {
                double[] values = gradients.get(i).toDoubleArray();
                String name = one.attributedInputs().get(i).name();
                if (!Arrays.stream(values).allMatch(Double::isFinite)) {
                    say("no", "gradients", "those of input '" + name + "' hold NaN or infinity");
                    return;
                }
                if (Arrays.stream(values).allMatch(value -> value == 0)) {
                    without.add(name);
                }
            }
            say(
                    without.isEmpty() ? "ok" : "note",
                    "gradients",
                    without.isEmpty() ? "defined for every attributed input" : "all zero for " + without);
            pullback.approximation().ifPresent(what -> say("note", "gradients", "approximate: " + what));
        } catch (ModelException | IllegalArgumentException e) {
            say("no", "gradients", Failure.of(e).line());
        }
    }

    /** Tries every method. Returns whether one works. */
    public boolean methods(Request request) {
        return new Trials(findings, model).methods(request);
    }

    static Target target(Shape output) {
        return output.rank() <= 2 ? Explainer.target(output) : Target.at(new long[output.rank() - 1]);
    }

    /** A mask of two groups. */
    static List<Tensor> halves(Inputs inputs) {
        List<Tensor> attributed = inputs.attributed();
        long total = attributed.stream()
                .mapToLong(tensor -> tensor.shape().row().size())
                .sum();
        List<Tensor> masks = new ArrayList<>();
        long at = 0;
        for (Tensor tensor : attributed) {
            Shape shape = tensor.shape().withRows(1);
            long[] numbers = new long[Math.toIntExact(shape.size())];
            for (int i = 0; i < numbers.length; i++, at++) {
                numbers[i] = at < (total + 1) / 2 ? 0 : 1;
            }
            masks.add(Tensors.ofJava().of(numbers, shape).to(DataType.INT64));
        }
        return masks;
    }
}
