// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.answer;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Plan;
import io.github.attribution4j.catalog.Methods;
import io.github.attribution4j.cli.NotThisWayException;
import io.github.attribution4j.cli.question.ExplainOptions;
import io.github.attribution4j.cli.question.Models;
import io.github.attribution4j.cli.question.Request;
import io.github.attribution4j.cli.question.TextInput;
import io.github.attribution4j.cli.question.Texts;
import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.text.TokenAttribution;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Computes an explanation from options. */
public final class Explainer {
    private Explainer() {}

    /** What is asked: a method, a model, inputs and a score. */
    private record Asked(
            Attribution<? super RuledModel> method, RuledModel model, Request request, Target target, Run run) {}

    /**
     * Explains.
     *
     * @param models the loaded models
     * @return the explanation, which the caller closes; its inputs belong to the current scope
     */
    public static Explained explain(ExplainOptions options, Models models, Consumer<Run.Progress> progress)
            throws IOException {
        return answered(options, models, progress, asked -> {
            Explanation explanation =
                    asked.method().attribute(asked.model(), asked.request().inputs(), asked.target(), asked.run());
            Request request = asked.request();
            return new Explained(summed(request, explanation), request.inputs(), request.file(), request.text());
        });
    }

    /** Says what an explanation would cost. */
    public static Plan plan(ExplainOptions options, Models models) throws IOException {
        return answered(options, models, progress -> {}, Explainer::planned);
    }

    @SuppressWarnings("unchecked") // A ruled model is all that any method needs.
    private static Plan planned(Asked asked) {
        return ((Attribution<RuledModel>) asked.method())
                .plan(asked.model(), asked.request().inputs(), asked.target(), asked.run());
    }

    private static <T> T answered(
            ExplainOptions options, Models models, Consumer<Run.Progress> progress, Function<Asked, T> answer)
            throws IOException {
        Map<String, String> given = settings(options);
        checkCheaply(options, given);
        RuledModel model = models.get(options.data);
        Request request = Request.read(options.data, model);
        boolean byToken = byToken(options, given, request.inputs());
        if (byToken) {
            reference(options, given, request);
        } else {
            checkGradients(options, given, request.inputs());
            requireNoReference(options);
        }
        byColumn(options, given, request);
        Attribution<? super RuledModel> method = method(options, given, model, request.sources());
        if (byToken && Places.need(options.method, given) != Need.LAYERS) {
            method = TokenAttribution.<RuledModel>of(method);
        }
        try {
            Optional<Attribution.OwnScore> own = method.ownScore();
            Target target = target(options, own, request.outputShape(), request.sources());
            Target named = own.isPresent() ? target : options.target.called(target);
            return within(answer, new Asked(method, model, request, named, run(options, progress)));
        } catch (NotThisWayException | IllegalArgumentException e) {
            String hint = request.hasRows() ? "" : Request.hint(options.data);
            throw hint.isEmpty() ? e : new NotThisWayException(e.getMessage() + "; " + hint, e);
        }
    }

    /** Lets the numbers of a category be absent together, in a method that has a mask and was given none. */
    private static void byColumn(ExplainOptions options, Map<String, String> given, Request request) {
        Optional<String> path = Places.path(options.method, given, Places.MASK);
        if (path.isPresent() && hasOneHot(request) && options.layer == null) {
            request.file().encoder().ifPresent(encoder -> given.putIfAbsent(path.get(), maskText(encoder)));
        }
    }

    private static boolean hasOneHot(Request request) {
        return request.file().encoder().stream()
                .flatMap(encoder -> encoder.columns().stream())
                .anyMatch(column -> column.width() > 1);
    }

    /** Returns the mask of an encoder as a text; its groups have no names where these could not be read again. */
    private static String maskText(TableEncoder encoder) {
        String text = encoder.mask().toString();
        boolean readable = encoder.columns().stream()
                .allMatch(column -> column.name().strip().equals(column.name())
                        && column.name().chars().noneMatch(c -> c == ',' || c == ']' || c == '|'));
        return readable ? text : text.substring(0, text.indexOf(" named "));
    }

    /** Returns an explanation by column of the table, where a method without a mask explained its numbers. */
    private static Explanation summed(Request request, Explanation explanation) {
        Inputs inputs = request.inputs();
        List<Shape> explained =
                explanation.attributions().stream().map(Tensor::shape).toList();
        boolean ofInputs =
                explained.equals(inputs.attributed().stream().map(Tensor::shape).toList());
        return !explanation.isGrouped() && ofInputs && hasOneHot(request)
                ? request.file().encoder().orElseThrow().mask().sums(explanation, inputs)
                : explanation;
    }

    /** Returns the method, at the layer or towards the unit of the options unless the method has its own. */
    private static Attribution<? super RuledModel> method(
            ExplainOptions options, Map<String, String> given, RuledModel model, Sources sources) {
        String layer = options.layer;
        if (layer == null || ownsLayer(options, given)) {
            return Methods.read(options.method, given, sources);
        }
        if (given.containsKey("method." + Places.LAYER)) {
            throw new IllegalArgumentException("layer '" + layer + "': " + options.method
                    + " is at a layer already, the one of its own setting; leave --layer out");
        }
        // Fails with the nearest names before anything is computed.
        for (String address : NameList.read(layer)) {
            model.cutPoint(address);
        }
        Map<String, String> placed = new LinkedHashMap<>(given);
        placed.put(Places.LAYER, layer);
        if (options.unit != null) {
            placed.put(Places.UNIT, options.unit);
        }
        return Methods.read(options.method, placed, sources);
    }

    /** Returns whether the method is applied to tokens rather than to the elements of inputs. */
    private static boolean byToken(ExplainOptions options, Map<String, String> given, Inputs inputs) {
        boolean wanted = options.data.text.given() || options.tokens != null;
        boolean atLayer = options.layer != null
                || Places.path(options.method, given, Places.LAYER).isPresent();
        return wanted
                && !atLayer
                && inputs.attributedInputs().stream()
                        .noneMatch(input -> input.tensor().dataType().isFloating());
    }

    /** Returns a baseline of the reference token: one of the text model's, unless an option gives it. */
    private static void reference(ExplainOptions options, Map<String, String> given, Request request)
            throws IOException {
        Optional<String> path = Places.path(options.method, given, Places.BASELINE);
        Optional<TextInput> text = request.text();
        String reference = options.reference;
        if (reference == null) {
            boolean own = path.isPresent() && !given.containsKey(path.get()) && text.isPresent();
            reference =
                    own ? text.get().references().keySet().stream().findFirst().orElse(null) : null;
        } else if (path.isEmpty()) {
            throw new IllegalArgumentException("--reference " + reference + ": method " + options.method
                    + " has no baseline; leave it out, or choose a method that has one");
        }
        if (reference == null || path.isEmpty()) {
            return;
        }
        String baseline = text.isPresent() ? text.get().baseline(reference) : "token:" + tokenId(reference);
        Need need = Places.need(options.method, given);
        // Methods by rules compare with references of the inputs, also at a layer.
        boolean lifted = need != Need.FORWARD && need != Need.RULES;
        if (given.put(path.get(), (lifted ? "head:" : "") + baseline) != null) {
            throw new IllegalArgumentException("--reference and --baseline say the same; give one");
        }
    }

    private static long tokenId(String reference) {
        if (reference.matches("\\d{1,9}")) {
            return Long.parseLong(reference);
        }
        throw new IllegalArgumentException(
                "--reference " + reference + ": without --text and --tokenizer only an id is understood, such as 0");
    }

    private static void requireNoReference(ExplainOptions options) {
        if (options.reference != null) {
            throw new IllegalArgumentException("--reference " + options.reference
                    + ": is one of tokens; give --text, or --tokens with integer inputs, and no layer");
        }
    }

    private static <T> T within(Function<Asked, T> answer, Asked asked) {
        try {
            return answer.apply(asked);
        } catch (DeadlineExceededException | CancelledException e) {
            throw e;
        } catch (ModelException e) {
            // The model has just run forward on this input, so it refuses this method.
            throw new NotThisWayException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Refuses gradients with respect to integers, and names the options that help. */
    private static void checkGradients(ExplainOptions options, Map<String, String> given, Inputs inputs) {
        boolean atInputs = options.unit != null
                || (options.layer == null && given.keySet().stream().noneMatch(name -> name.endsWith(Places.LAYER)));
        if (!atInputs || Places.need(options.method, given) == Need.FORWARD) {
            return;
        }
        List<Inputs.Input> attributed = inputs.attributedInputs();
        List<String> floating = new ArrayList<>();
        List<String> integers = new ArrayList<>();
        for (Inputs.Input input : attributed) {
            (input.tensor().dataType().isFloating() ? floating : integers).add(input.name());
        }
        if (!integers.isEmpty()) {
            throw new NotThisWayException("method " + options.method + " takes gradients, and input "
                    + String.join(", ", integers) + " holds integers, which have none; "
                    + (floating.isEmpty() ? "" : "hold it fixed with --attribute " + String.join(",", floating) + ", ")
                    + "explain by token with --tokens, at the layer that embeds it with --layer, or use a"
                    + " method that needs 'forward' only");
        }
    }

    /** Returns the settings of --set, and those that have a separate option. */
    static Map<String, String> settings(ExplainOptions options) {
        Map<String, String> given = new LinkedHashMap<>();
        for (String text : options.set) {
            int equals = text.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException(
                        "--set " + text + ": write it as name=value, such as --set steps=100");
            }
            String name = text.substring(0, equals).strip();
            if (given.put(name, text.substring(equals + 1).strip()) != null) {
                throw new IllegalArgumentException("--set " + name + ": given twice; give one");
            }
        }
        shorthand(options, given, Places.BASELINE, options.baseline);
        shorthand(options, given, Places.MASK, options.mask);
        if (ownsLayer(options, given)) {
            shorthand(options, given, Places.LAYER, options.layer);
        }
        if (ownsUnit(options, given)) {
            shorthand(options, given, Places.UNIT, options.unit);
        }
        return given;
    }

    private static boolean ownsLayer(ExplainOptions options, Map<String, String> given) {
        return (options.unit == null || ownsUnit(options, given))
                && Places.path(options.method, given, Places.LAYER).isPresent();
    }

    /** Returns whether the unit is a setting of the method, which then explains the model's output through the unit. */
    private static boolean ownsUnit(ExplainOptions options, Map<String, String> given) {
        return Places.path(options.method, given, Places.UNIT).isPresent();
    }

    private static void shorthand(
            ExplainOptions options, Map<String, String> given, String setting, @Nullable String value) {
        if (value == null) {
            return;
        }
        String name = Places.path(options.method, given, setting)
                .orElseThrow(() -> new IllegalArgumentException("--" + setting + " " + value + ": method "
                        + options.method + " has no " + setting + "; leave it out, or choose a method that has one"));
        if (given.put(name, value) != null) {
            throw new IllegalArgumentException("--" + setting + " and --set " + name + " say the same; give one");
        }
    }

    private static void checkCheaply(ExplainOptions options, Map<String, String> given) throws IOException {
        for (Path file : Arrays.asList(
                options.data.model,
                options.data.text.given() ? null : options.data.requiredInput(),
                options.data.text.file,
                options.data.text.tokenizer,
                options.data.fixed,
                options.data.constant)) {
            if (file != null && !Files.isRegularFile(file)) {
                throw new NoSuchFileException(file.toString());
            }
        }
        Texts.foldersOf(options.out, options.json, options.png, options.svg, options.html);
        if (options.unit != null
                && !ownsUnit(options, given)
                && Places.path(options.method, given, Places.LAYER).isPresent()) {
            throw new IllegalArgumentException("--unit " + options.unit + ": method " + options.method
                    + " explains the model's output only; use another method for a neuron");
        }
        if (options.unit != null && options.layer == null) {
            throw new IllegalArgumentException("--unit " + options.unit + ": say of which layer, with --layer");
        }
        options.run.check();
        Pictures.checkKind(options.picture);
    }

    private static Target target(
            ExplainOptions options, Optional<Attribution.OwnScore> own, Shape output, Sources sources)
            throws IOException {
        Optional<Target> chosen = options.target.chosen(output, sources);
        if (own.isPresent()) {
            if (chosen.isPresent()) {
                throw new IllegalArgumentException(own.get().instead() + ", so a target has no meaning; leave it out");
            }
            return Target.output();
        }
        if (chosen.isPresent()) {
            return chosen.get();
        }
        return target(output);
    }

    /** Returns the target for an output if none is given. */
    public static Target target(Shape output) {
        if (output.rank() > 2) {
            throw new IllegalArgumentException("target: none given, and the model's output has shape " + output
                    + " for one example; choose an element of it, or the sum of a slice, with --target-at");
        }
        return output.size() == 1 ? Target.output() : Target.argmax();
    }

    private static Run run(ExplainOptions options, Consumer<Run.Progress> progress) {
        Run run = options.run.run(progress);
        // A row has the same random numbers, whichever others are explained with it.
        return options.data.rowNumbers().map(run::exampleKeys).orElse(run);
    }
}
