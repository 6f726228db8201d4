// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the score loses under a window that slides over the input.
 *
 * <pre>
 * attribution(i) = mean over the windows W that cover i of  F(x) − F(x with W := b)
 * </pre>
 *
 * <p><b>Windows.</b> On an axis of extent D, with window w and stride s, windows start at 0, s, 2s, ... and there are
 * ⌈(D − w) / s⌉ + 1 of them. Where they do not end at the edge the last is clipped there, not moved back: extent 6,
 * window 3 and stride 2 give elements 0-2, 2-4 and 4-5. Every element is divided by the number of windows that cover
 * it, so that edges count as much as the middle. With several attributed inputs each has its own window, one is
 * occluded at a time.
 *
 * <p><b>Shapes.</b> A window and a stride have one number for each axis of an input but the first. Attributions have
 * the inputs' shapes. Their type is the input's, or for inputs of an integer type float32 (float64 if the model's
 * output is).
 *
 * <p><b>Cost.</b> For each example 1 forward row and one for each window of each input; the default stride of 1 makes
 * about as many windows as elements, so give one.
 *
 * <p><b>Differences to Captum.</b> None in the values, but sums are taken in double precision. Rows go to the model in
 * batches, whatever the number of examples.
 *
 * <p>Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014.
 */
public final class Occlusion extends Described<Model, Occlusion> implements Attribution.Forward {
    private static final Setting<List<Shape>> WINDOW = Setting.required(
            "window",
            Kind.of("extents without the batch axis, such as 3,15,15; more inputs after ';'", Windows::shapes)
                    .said(Windows::text),
            "size of the window, one for each attributed input");
    private static final Setting<List<Shape>> STRIDE = Setting.of(
            "stride",
            Kind.<List<Shape>>of(
                            "extents as of window, or 1",
                            text -> text.strip().equals("1") ? List.of() : Windows.shapes(text))
                    .said(strides -> strides.isEmpty() ? "1" : Windows.text(strides)),
            List.of(),
            "how far the window moves on each axis; at most the window, or elements would be skipped");
    private static final Setting<Baseline> BASELINE = Setting.of(
            "baseline",
            Baseline.KIND,
            Baseline.zeros(),
            "what is put under the window: one reference for each example, not a distribution");

    /** What the method says of itself. */
    public static final Description<Occlusion> DESCRIPTION = Description.of(
            "occlusion",
            Need.FORWARD,
            "what the score loses under a window that slides over the input",
            Occlusion::new,
            WINDOW,
            STRIDE,
            BASELINE);

    private final List<Shape> windows;
    private final List<Shape> strides;

    private Occlusion(Settings<Occlusion> settings) {
        super(settings);
        windows = settings.get(WINDOW);
        strides = settings.get(STRIDE);
    }

    /**
     * Creates the method for one attributed input, with stride 1 and a baseline of zeros.
     *
     * @param window elements on each axis of the input but the first, such as {@code (3, 15, 15)}
     */
    public Occlusion(long... window) {
        this(over(window.length == 0 ? List.of() : List.of(Shape.of(window))));
    }

    /**
     * Creates the method for several attributed inputs, with stride 1 and a baseline of zeros.
     *
     * @param windows one for each attributed input
     */
    public static Occlusion of(Shape... windows) {
        return new Occlusion(over(List.of(windows)));
    }

    private static Settings<Occlusion> over(List<Shape> windows) {
        if (windows.isEmpty()) {
            throw new IllegalArgumentException(
                    "occlusion: no window given; give one, such as new Occlusion(3, 15, 15)");
        }
        return DESCRIPTION.defaults().with(WINDOW, windows);
    }

    /**
     * Returns a copy with a stride for the only attributed input, one number for each axis but the first; 1 unless set.
     */
    public Occlusion stride(long... stride) {
        return strides(Shape.of(stride));
    }

    /** Returns a copy with strides, one for each attributed input; 1 everywhere if there are none. */
    public Occlusion strides(Shape... perInput) {
        return with(STRIDE, List.of(perInput));
    }

    /** Returns a copy that puts something else under the window; zeros unless set. */
    public Occlusion baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    @Override
    public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Evaluator evaluator = Evaluator.start(
                    this,
                    model,
                    inputs,
                    target,
                    run,
                    problems -> value(BASELINE).checkSingle(name(), inputs, problems),
                    problems -> check(inputs, problems));
            List<Tensor> attributed = evaluator.inputs().attributed();
            List<Windows> over = new ArrayList<>();
            for (int input = 0; input < attributed.size(); input++) {
                over.add(Windows.of(attributed.get(input).shape().row(), windows.get(input), stride(input)));
            }
            List<Tensor> references = value(BASELINE).references(evaluator.inputs(), evaluator.run());
            double[] scores = evaluator.scores();
            OcclusionRows rows = new OcclusionRows(evaluator.inputs(), references, over);
            double[] occluded = evaluator.scores(rows);
            List<Tensor> attributions = new ArrayList<>();
            for (int input = 0; input < over.size(); input++) {
                attributions.add(average(evaluator, rows, over.get(input), input, scores, occluded));
            }
            return Explanation.of(evaluator, described(Outcome.of(attributions), over));
        }
    }

    /** Where windows do not overlap, what one covers is one feature, of which the loss stands at each element. */
    private static Outcome described(Outcome outcome, List<Windows> over) {
        List<Shape> shapes = new ArrayList<>();
        List<int[]> ids = new ArrayList<>();
        int first = 0;
        for (Windows windows : over) {
            int[] numbers = new int[windows.rowSize()];
            int covered = 0;
            for (int window = 0; window < windows.count(); window++) {
                int number = first + window;
                AtomicInteger size = new AtomicInteger();
                windows.cover(window, (from, to) -> {
                    Arrays.fill(numbers, from, to, number);
                    size.addAndGet(to - from);
                });
                covered += size.get();
            }
            if (covered != numbers.length) {
                return outcome;
            }
            first += windows.count();
            shapes.add(windows.shape(1));
            ids.add(numbers);
        }
        return outcome.groups(shapes, ids, List.of());
    }

    private void check(Inputs inputs, Problems problems) {
        List<Inputs.Input> attributed = inputs.attributedInputs();
        if (windows.size() != attributed.size() || (!strides.isEmpty() && strides.size() != attributed.size())) {
            problems.add("occlusion: " + windows.size() + " windows and " + (strides.isEmpty() ? "no" : strides.size())
                    + " strides for " + attributed.size()
                    + " attributed inputs; give a window for each, and a stride for each or none");
            return;
        }
        for (int input = 0; input < windows.size(); input++) {
            Windows.check(attributed.get(input), windows.get(input), stride(input), problems);
        }
    }

    private Shape stride(int input) {
        if (!strides.isEmpty()) {
            return strides.get(input);
        }
        long[] ones = new long[windows.get(input).rank()];
        Arrays.fill(ones, 1);
        return Shape.of(ones);
    }

    private static Tensor average(
            Evaluator evaluator, OcclusionRows rows, Windows over, int input, double[] scores, double[] occluded) {
        int size = over.rowSize();
        int[] coverage = over.coverage();
        double[] values = new double[Math.multiplyExact(scores.length, size)];
        for (int example = 0; example < scores.length; example++) {
            int first = rows.start(example, input);
            int at = example * size;
            for (int window = 0; window < over.count(); window++) {
                double loss = scores[example] - occluded[first + window];
                over.cover(window, (from, to) -> {
                    for (int i = from; i < to; i++) {
                        values[at + i] += loss;
                    }
                });
            }
            for (int i = 0; i < size; i++) {
                values[at + i] /= coverage[i];
            }
        }
        Tensor tensor = evaluator.inputs().attributed().get(input);
        return tensor.tensors()
                .of(values, evaluator.attributionType(tensor), over.shape(scores.length))
                .broadcast(tensor.shape());
    }
}
