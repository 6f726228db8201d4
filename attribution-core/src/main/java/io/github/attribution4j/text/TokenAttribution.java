// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.text;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One number for each token of a text, by any method, in one call.
 *
 * <pre>{@code
 * Baseline masked = Baseline.token(103).keeping(101, 102);
 * Attribution<LayeredModel> method = TokenAttribution.of(
 *         new IntegratedGradients().baseline(masked.throughHead()));
 * Inputs inputs = Inputs.none().attribute("input_ids", ids).fixed("attention_mask", mask);
 * Explanation why = method.attribute(model, inputs, Target.index(1)); // shape (examples, tokens)
 * }</pre>
 *
 * <p>Ids are names and have no gradient; the vectors that a model looks up for them do. So a method that takes
 * gradients is applied where the model looks up the <em>attributed</em> inputs ({@link #lookups}, or the
 * places given to {@link #at}), at all of these at once, and its attributions are added up over the last axis of each
 * vector:
 *
 * <pre>
 * attribution(example, token) = Σ_e a(example, token, e)
 * </pre>
 *
 * <p>which keeps completeness: they sum to the score minus the score at the baseline. The method's baseline is one of
 * the vectors (zeros, unless set), or a {@link Baseline.Token} lifted with
 * {@link io.github.attribution4j.baseline.Baseline#throughHead}.
 *
 * <p>A {@link Attribution.Forward} (ablation, occlusion, Shapley values) is applied to the ids themselves, unless
 * {@link #at} says otherwise: its baseline is one of ids, and its masks group tokens.
 *
 * <p><b>Positions and types.</b> Vectors that other inputs, or the model itself, choose stay unchanged: then the
 * contribution of a word is separate from that of its position. {@link #everyEmbedding()} attributes to them too, and
 * {@link #together()} adds them to the words' numbers. A text's type ids may be attributed as well; they get numbers of
 * their own.
 *
 * <p><b>Padding.</b> A position that the model masks out has no influence and gets 0.
 *
 * <p><b>Cost.</b> That of the method, one forward row for each example, and that of {@link #lookups}, which
 * {@link #at} saves.
 *
 * <p><b>Differences to Captum.</b> {@code LayerIntegratedGradients} at an embedding returns the elements of the
 * vectors, to be summed by hand, and replaces every call of a module by the same value; here each call has its own.
 *
 * <p>Immutable and thread-safe.
 *
 * @param <M> what the method needs of a model: {@link LayeredModel}, or
 *     {@link io.github.attribution4j.model.rule.RuledModel} for one that goes back by rules
 */
public final class TokenAttribution<M extends LayeredModel> implements Attribution<M> {
    /** How the attributions of a vector's elements become one. */
    public enum Reduction {
        /** Their sum, which keeps sign and completeness. */
        SUM,
        /** Their Euclidean norm: magnitude alone, and no completeness. */
        NORM,
        /** Nothing: attributions have the vectors' shapes. */
        NONE
    }

    /** How the attributions of several vectors of one token are added up. */
    private enum Grouping {
        BY_INPUT,
        BY_EMBEDDING,
        TOGETHER
    }

    private static final String TOKENS = "tokens";

    private final Attribution<? super M> method;
    private final List<String> points;
    private final boolean every;
    private final Grouping grouping;
    private final Reduction reduction;

    private TokenAttribution(
            Attribution<? super M> method, List<String> points, boolean every, Grouping grouping, Reduction reduction) {
        this.method = method;
        this.points = points;
        this.every = every;
        this.grouping = grouping;
        this.reduction = reduction;
    }

    /**
     * Returns a method by token: at the vectors of the attributed inputs, summed over their elements.
     *
     * @param <M> inferred from the method; {@link LayeredModel}, or
     *     {@link io.github.attribution4j.model.rule.RuledModel}
     * @param method any method, with its baseline
     */
    public static <M extends LayeredModel> TokenAttribution<M> of(Attribution<? super M> method) {
        return new TokenAttribution<>(method, List.of(), false, Grouping.BY_INPUT, Reduction.SUM);
    }

    /**
     * Returns a copy applied at these places instead of those found: embeddings, or whole modules around them, such as
     * {@code bert.embeddings}. Several have attributions of their own, unless taken {@link #together()}.
     *
     * @param addresses see {@link Cut.Point}; none may depend on another
     */
    public TokenAttribution<M> at(String... addresses) {
        Grouping own = grouping == Grouping.BY_INPUT ? Grouping.BY_EMBEDDING : grouping;
        return new TokenAttribution<>(method, List.of(addresses), every, own, reduction);
    }

    /** Returns a copy applied at every embedding found, also those of positions and types that are not attributed. */
    public TokenAttribution<M> everyEmbedding() {
        return new TokenAttribution<>(method, points, true, grouping, reduction);
    }

    /** Returns a copy whose attributions are those of each embedding, named by its address. */
    public TokenAttribution<M> byEmbedding() {
        return new TokenAttribution<>(method, points, every, Grouping.BY_EMBEDDING, reduction);
    }

    /** Returns a copy that adds up all embeddings, of words, positions and types, to one number for each token. */
    public TokenAttribution<M> together() {
        return new TokenAttribution<>(method, points, every, Grouping.TOGETHER, reduction);
    }

    /** Returns a copy that reduces the elements of a vector in another way. */
    public TokenAttribution<M> reduction(Reduction newReduction) {
        return new TokenAttribution<>(method, points, every, grouping, newReduction);
    }

    @Override
    public Explanation attribute(M model, Inputs inputs, Target target, Run run) {
        Run started = run.started();
        if (method instanceof Attribution.Forward && points.isEmpty()) {
            return method.attribute(model, inputs, target, started).madeBy(this, model.identity(), inputs, Counts.NONE);
        }
        Map<String, String> places = places(model, inputs);
        Attribution<M> atPlaces = Attribution.at(List.copyOf(places.keySet()), method);
        Explanation explanation = atPlaces.attribute(model, inputs, target, started);
        long looked = points.isEmpty() ? 1 + places.size() : 0;
        return reduced(explanation, List.copyOf(places.values()), inputs)
                .madeBy(this, model.identity(), inputs, new Counts(looked, 0, looked, looked == 0 ? 0 : 1));
    }

    /** Returns the points of attribution, with the names of the attributions. */
    private Map<String, String> places(LayeredModel model, Inputs inputs) {
        Map<String, String> places = new LinkedHashMap<>();
        if (!points.isEmpty()) {
            // The model's own spelling, because the attributions get these names.
            points.forEach(point -> places.put(model.cutPoint(point).toString(), point));
        } else {
            requireIds(inputs);
            List<Lookup> found = lookups(model, inputs);
            List<String> attributed =
                    inputs.attributedInputs().stream().map(Inputs.Input::name).toList();
            Set<String> fed = new LinkedHashSet<>();
            for (Lookup lookup : found) {
                boolean own = lookup.input().filter(attributed::contains).isPresent();
                if (own) {
                    fed.add(lookup.input().orElseThrow());
                }
                if (own || every) {
                    String address = lookup.point().toString();
                    places.put(
                            address,
                            grouping == Grouping.BY_INPUT ? lookup.input().orElse(address) : address);
                }
            }
            for (String name : attributed) {
                if (!fed.contains(name)) {
                    throw new UnsupportedModelException(notLookedUp(name, model, found));
                }
            }
        }
        if (grouping == Grouping.TOGETHER) {
            places.replaceAll((address, name) -> TOKENS);
        }
        return places;
    }

    private static void requireIds(Inputs inputs) {
        List<String> problems = new ArrayList<>();
        for (Inputs.Input input : inputs.attributedInputs()) {
            if (input.tensor().dataType().isFloating()) {
                problems.add("input '" + input.name() + "' is " + input.tensor().dataType()
                        + ", and tokens are ids, which are integers; hold it fixed, or use the method without "
                        + "TokenAttribution");
            }
        }
        if (inputs.attributedInputs().isEmpty()) {
            problems.add(
                    "inputs: none is attributed; mark the token ids with " + "Inputs.attribute(\"input_ids\", ids)");
        }
        if (!problems.isEmpty()) {
            throw new InvalidRequestException(problems);
        }
    }

    private static String notLookedUp(String input, LayeredModel model, List<Lookup> found) {
        String bags = model.cutPoints().stream()
                .filter(EmbeddingLookups::isBag)
                .map(Cut.Point::toString)
                .reduce((a, b) -> a + ", " + b)
                .orElse("");
        if (!bags.isEmpty()) {
            return "input '" + input + "': the model looks it up in an EmbeddingBag (" + bags
                    + "), which adds a text's words up before their vectors can be seen; replace ids instead: "
                    + "TokenAttribution.of(new FeatureAblation().baseline(Baseline.token(id)))";
        }
        String known = found.isEmpty()
                ? "no embedding is reached with these inputs"
                : "the embeddings reached are "
                        + found.stream()
                                .map(lookup -> lookup.point() + " ("
                                        + lookup.input()
                                                .map(name -> "ids of '" + name + "'")
                                                .orElse("ids made inside")
                                        + ")")
                                .reduce((a, b) -> a + ", " + b)
                                .orElse("");
        return "input '" + input + "': no embedding looks up its ids as they are; " + known
                + "; name the place with TokenAttribution.of(method).at(\"...\"), or hold the input fixed";
    }

    private Explanation reduced(Explanation explanation, List<String> groups, Inputs inputs) {
        Map<String, List<Tensor>> grouped = new LinkedHashMap<>();
        try (TensorScope scope = TensorScope.open()) {
            for (int i = 0; i < groups.size(); i++) {
                Tensor attribution = explanation.attributions().get(i);
                grouped.computeIfAbsent(groups.get(i), name -> new ArrayList<>())
                        .add(
                                switch (reduction) {
                                    case NONE -> attribution.mul(1);
                                    case SUM -> attribution.sum(last(attribution));
                                    case NORM -> attribution.mul(attribution).sum(last(attribution));
                                });
            }
            List<Tensor> sums = new ArrayList<>();
            grouped.forEach((name, terms) -> sums.add(sum(name, terms)));
            List<String> names = List.copyOf(grouped.keySet());
            List<FeatureNames> tokens = new ArrayList<>();
            for (int i = 0; i < names.size(); i++) {
                tokens.add(tokens(names.get(i), sums.get(i).shape(), inputs));
            }
            return explanation.withAttributions(names, sums, tokens, reduction != Reduction.NORM);
        } catch (UnsupportedModelException e) {
            explanation.close();
            throw e;
        }
    }

    /**
     * Returns the names of the tokens that attributions belong to: those of the input of the same name, or else of the
     * first input whose rows have that length.
     */
    private static FeatureNames tokens(String name, Shape attributions, Inputs inputs) {
        List<Inputs.Input> fitting = inputs.attributedInputs().stream()
                .filter(input -> input.features().axes().contains(1))
                .filter(input -> attributions.rank() > 1
                        && input.tensor().shape().rank() > 1
                        && input.tensor().shape().dim(0) == attributions.dim(0)
                        && input.tensor().shape().dim(1) == attributions.dim(1))
                .toList();
        return fitting.stream()
                .filter(input -> input.name().equals(name))
                .findFirst()
                .or(() -> fitting.stream().findFirst())
                .map(input -> input.features().only(1))
                .orElse(FeatureNames.none());
    }

    private static int last(Tensor attribution) {
        return attribution.shape().rank() - 1;
    }

    private Tensor sum(String name, List<Tensor> terms) {
        Tensor sum = terms.get(0);
        for (Tensor term : terms.subList(1, terms.size())) {
            if (!term.shape().equals(sum.shape())) {
                throw new UnsupportedModelException(
                        "the embeddings added up to '" + name + "' have attributions of shapes " + sum.shape() + " and "
                                + term.shape() + "; take them apart with byEmbedding()");
            }
            sum = sum.add(term);
        }
        return reduction == Reduction.NORM ? sum.sqrt() : sum;
    }

    @Override
    public Optional<Attribution.OwnScore> ownScore() {
        return method.ownScore();
    }

    @Override
    public String name() {
        return method.name() + " by token";
    }

    @Override
    public Map<String, Object> settings() {
        Map<String, Object> settings = new LinkedHashMap<>();
        if (!(method instanceof Attribution.Forward && points.isEmpty())) {
            settings.put("embeddings", !points.isEmpty() ? NameList.write(points) : every ? "every" : "of inputs");
            settings.put("grouping", label(grouping));
            settings.put("reduction", label(reduction));
        }
        settings.putAll(method.settings());
        return settings;
    }

    private static String label(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    @Override
    public String toString() {
        return Attribution.inWords(this);
    }

    /**
     * Finds the lookups that happen in a run with these inputs, in the order of the model's declaration. A module that
     * is called more than once has one for each call.
     *
     * <p>A lookup is a call of a module of a type named {@code ...Embedding...} that takes a tensor of integers and
     * returns a floating one of its shape with one more axis at the end, or an operator {@code embedding}. Not lookups
     * are: modules around a lookup, modules that add up the vectors they look up ({@code EmbeddingBag}), rotary
     * embeddings, which rotate vectors, and lookups of distances between tokens, which have no axis for examples. A
     * lookup belongs to the input that holds the same ids, an attributed one before others.
     *
     * <p><b>Cost.</b> One forward row that lists the model's values, and one for each lookup.
     *
     * @param model a model that can be cut
     * @param inputs its inputs; the first example is run
     */
    public static List<Lookup> lookups(LayeredModel model, Inputs inputs) {
        return EmbeddingLookups.find(model, inputs);
    }

    /**
     * A place where a model looks up ids in a table of vectors: of words, positions or types.
     *
     * @param point the looked-up vectors
     * @param shape their shape in a run with one example, usually {@code (1, tokens, width)}
     * @param input the input of the model whose ids are looked up; empty if the model computes them itself, such as
     *     positions
     */
    public record Lookup(Cut.Point point, Shape shape, Optional<String> input) {}
}
