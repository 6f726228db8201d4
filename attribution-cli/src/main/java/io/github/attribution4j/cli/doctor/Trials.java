// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.doctor;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.Failure;
import io.github.attribution4j.cli.answer.Places;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.text.TokenAttribution;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Tries every method on a model, cheaply. */
final class Trials {
    private static final String TRIAL_MASK = "halves";
    /** The rows of a call for methods that need several examples. */
    private static final int SEVERAL = 64;

    private final Diagnosis.Findings findings;
    private final RuledModel model;

    Trials(Diagnosis.Findings findings, RuledModel model) {
        this.findings = findings;
        this.model = model;
    }

    /** Tries every method. Returns whether one works. */
    boolean methods(Request request) {
        Target target = Diagnosis.target(request.outputShape());
        findings.text("");
        findings.text("Methods, tried on the first example with few evaluations, target " + target.describe() + ":");
        Layers layers = Layers.of(model, Request.fewest(model, request.inputs()));
        int works = 0;
        for (Description<?> method : Methods.all()) {
            works += tries(method, request, target, anyLayer(method) ? layers.any() : layers.spatial()) ? 1 : 0;
        }
        findings.text("");
        findings.text(works + " of " + Methods.all().size() + " methods work with this model and this input.");
        return works > 0;
    }

    /** Returns whether a method works at any layer, also at one without channels and positions. */
    private static boolean anyLayer(Description<?> description) {
        return !description.has("layout");
    }

    private boolean tries(Description<?> description, Request request, Target target, Optional<String> layer) {
        String name = description.name();
        if (description.need() == Need.LAYERS && layer.isEmpty()) {
            String why = anyLayer(description)
                    ? "the model has no layers"
                    : "no layer has channels and positions; it explains convolutions";
            findings.found("no", name, why);
            return false;
        }
        boolean several = description.examples() > 1;
        if (request.inputs().rows() < description.examples()) {
            findings.found("no", name, "takes values from other examples, and the input has one; give two or more");
            return false;
        }
        Inputs inputs = several ? request.inputs() : first(request.inputs());
        Map<String, String> settings = trial(description, inputs, layer);
        Attribution<? super RuledModel> method = Methods.read(name, settings, masks(inputs));
        try {
            attribute(method, inputs, target, several);
            findings.found("yes", name, hint(description, inputs, layer));
            return true;
        } catch (ModelException | IllegalArgumentException e) {
            Optional<String> embedding = floating(inputs) ? Optional.empty() : firstFloating(inputs);
            if (embedding.isPresent()
                    && description.need() != Need.LAYERS
                    && triesAt(embedding.get(), method, inputs, target)) {
                findings.found(
                        "yes", name, "with --layer " + embedding.get() + "; not at the input, which holds integers");
                return true;
            }
            findings.found("no", name, Failure.of(e).line());
            return false;
        }
    }

    private void attribute(Attribution<? super RuledModel> method, Inputs inputs, Target target, boolean several) {
        Target asked = method.ownScore().isPresent() ? Target.output() : target;
        try (TensorScope scope = TensorScope.open();
                Explanation explanation =
                        method.attribute(model, inputs, asked, Run.defaults().batchRows(several ? SEVERAL : 1))) {
            explanation.scores();
        }
    }

    private boolean triesAt(String layer, Attribution<? super RuledModel> method, Inputs inputs, Target target) {
        try {
            attribute(Attribution.<RuledModel>at(layer, method), inputs, target, false);
            return true;
        } catch (ModelException | IllegalArgumentException e) {
            return false;
        }
    }

    /** Returns the first layer whose output has gradients: an embedding of the attributed integers, if there is one. */
    private Optional<String> firstFloating(Inputs inputs) {
        Optional<String> embedding = embedding(inputs);
        if (embedding.isPresent()) {
            return embedding;
        }
        for (Cut.Point point : model.cutPoints()) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor output = model.cut(point).head().forward(inputs);
                if (output.dataType().isFloating()) {
                    return Optional.of(point.toString());
                }
            } catch (ModelException e) {
                // Another layer may work.
            }
        }
        return Optional.empty();
    }

    private Optional<String> embedding(Inputs inputs) {
        try {
            return TokenAttribution.lookups(model, inputs).stream()
                    .filter(lookup -> inputs.attributedInputs().stream()
                            .anyMatch(input -> lookup.input().equals(Optional.of(input.name()))))
                    .map(lookup -> lookup.point().toString())
                    .findFirst();
        } catch (ModelException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private Inputs first(Inputs inputs) {
        Inputs alone = Inputs.none();
        for (Inputs.Input input : Request.fewest(model, inputs).all()) {
            alone = alone.with(input);
        }
        return alone;
    }

    /** Returns settings for a cheap trial. */
    private static Map<String, String> trial(Description<?> description, Inputs inputs, Optional<String> layer) {
        Map<String, String> settings = new LinkedHashMap<>();
        for (Setting<?> setting : description.settings()) {
            setting.trialText().ifPresent(text -> settings.put(setting.name(), text));
            switch (setting.name()) {
                case "mask" -> settings.put("mask", TRIAL_MASK);
                case "layer" -> layer.ifPresent(path -> settings.put("layer", NameList.write(path)));
                case "method" -> settings.put("method", "saliency");
                case "window" -> settings.put("window", window(inputs));
                default -> {}
            }
        }
        return settings;
    }

    private static boolean floating(Inputs inputs) {
        return inputs.attributed().stream().allMatch(tensor -> tensor.dataType().isFloating());
    }

    private static String window(Inputs inputs) {
        List<String> windows = new ArrayList<>();
        for (Tensor tensor : inputs.attributed()) {
            long[] row = tensor.shape().row().dims();
            windows.add(
                    String.join(",", Arrays.stream(row).mapToObj(Long::toString).toList()));
        }
        return String.join(";", windows);
    }

    /** A source that reads {@link Diagnosis#halves} as the mask. */
    private static Sources masks(Inputs inputs) {
        return new Sources() {
            @Override
            public List<Tensor> arrays(String file) throws IOException {
                return Sources.none().arrays(file);
            }

            @Override
            public List<Tensor> groupNumbers(String file) {
                return Diagnosis.halves(inputs);
            }
        };
    }

    /** Returns what a user must consider when the method is used for more than a trial. */
    private static String hint(Description<?> description, Inputs inputs, Optional<String> layer) {
        long elements = inputs.attributed().stream()
                .mapToLong(tensor -> tensor.shape().row().size())
                .sum();
        if (description.has(Places.LAYER)) {
            return "for instance --layer " + layer.map(NameList::write).orElse("PATH");
        }
        return description.has("window")
                ? "give --set window=, of at most " + window(inputs)
                : description.advice(elements);
    }
}
