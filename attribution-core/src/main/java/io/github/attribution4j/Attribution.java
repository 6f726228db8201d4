// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.target.Target;
import java.util.List;
import java.util.Optional;

/**
 * A method of attribution: an immutable, thread-safe value that computes how much each input element contributed to a
 * score of a model.
 *
 * <p>It holds settings and nothing else: no model, buffer or random state. One instance may serve all threads.
 *
 * @param <M> what the method needs of a model: {@link Model} for methods that only run it forward,
 *     {@link DifferentiableModel} for those that take gradients, {@link LayeredModel} for those that look inside,
 *     {@link RuledModel} for those that go back by rules
 */
public interface Attribution<M extends Model> extends Recipe {
    /**
     * The score that a method explains by itself, so that a request has no target: a score of an activation.
     *
     * @param layer address of the activation
     * @param score of the activation, such as a unit
     * @param instead in words, what is explained in place of a target
     */
    record OwnScore(String layer, Target score, String instead) {
        /** Adds a problem if a target is given, which would not be used. */
        public void requireNoTarget(Target target, Problems problems) {
            problems.require(
                    target.unnamed() == Target.output(),
                    "target " + target.describe() + ": is not used, since " + instead + "; leave the target out");
        }
    }

    /**
     * Explains a score of the model at the inputs.
     *
     * @param model not changed
     * @param inputs not changed, not closed; brought to the model's device where they lie elsewhere
     * @param target the score; left out where the method has a {@linkplain #ownScore() score of its own}
     * @param run seed, batching, deadline, progress
     * @return the explanation, owned by the caller
     * @throws InvalidRequestException listing all that is wrong with the request
     * @throws io.github.attribution4j.model.ModelException if the model fails
     * @throws DeadlineExceededException if the run's deadline passes
     * @throws CancelledException if the run is cancelled
     * @throws IllegalStateException if the model or an input was closed
     */
    Explanation attribute(M model, Inputs inputs, Target target, Run run);

    /** Explains with {@link Run#defaults()}. */
    default Explanation attribute(M model, Inputs inputs, Target target) {
        return attribute(model, inputs, target, Run.defaults());
    }

    /** Explains the only output of a model that returns one number for each row. */
    default Explanation attribute(M model, Inputs inputs) {
        return attribute(model, inputs, Target.output(), Run.defaults());
    }

    /**
     * Says what {@link #attribute(Model, Inputs, Target, Run)} would cost, before it is run: rows, calls, time and
     * memory; see {@link Plan}.
     */
    default Plan plan(M model, Inputs inputs, Target target, Run run) {
        return Plan.of(this, model, inputs, target, run);
    }

    /** Says what an explanation of a model with a single score, or of its most likely class, would cost. */
    default Plan plan(M model, Inputs inputs, Run run) {
        return Plan.of(this, model, inputs, run);
    }

    /**
     * Applies any method to the output of a layer, as {@link Gradient#at}, {@link Forward#at} and
     * {@link Ruled#at} do. Takes wrapped methods too.
     *
     * @param <M> {@link LayeredModel}, or {@link RuledModel} for a method that needs rules
     * @param layer address of a value inside the model, such as {@code encoder} or {@code encoder:in}; see {@link
     *     io.github.attribution4j.model.Cut.Point}
     * @param method the method; it explains the tail of the cut model
     */
    static <M extends LayeredModel> Attribution<M> at(String layer, Attribution<? super M> method) {
        return new LayerAttribution<>(method, List.of(layer));
    }

    /**
     * Applies any method to several layers at once, such as the embeddings of a text model. No layer may depend on
     * another. Attributions come in the order of the layers.
     *
     * @param <M> {@link LayeredModel}, or {@link RuledModel} for a method that needs rules
     * @param layers addresses, at least one
     * @param method the method; it explains the tail of the cut model, and attributes all activations
     */
    static <M extends LayeredModel> Attribution<M> at(List<String> layers, Attribution<? super M> method) {
        return new LayerAttribution<>(method, layers);
    }

    /**
     * Lets any method explain a neuron, as {@link Gradient#towards}, {@link Forward#towards} and
     * {@link Ruled#towards} do. Takes wrapped methods too.
     *
     * @param <M> {@link LayeredModel}, or {@link RuledModel} for a method that needs rules
     * @param layer dotted path of a module
     * @param unit the neuron, such as {@code Target.at(17, 3, 3)}
     * @param method the method; it explains the head of the cut model
     */
    static <M extends LayeredModel> Attribution<M> towards(String layer, Target unit, Attribution<? super M> method) {
        return new NeuronAttribution<>(method, layer, unit);
    }

    /** Returns what the method needs of a model: {@link Need#LAYERS} unless overridden. */
    @Override
    default Need need() {
        return Need.LAYERS;
    }

    /**
     * Returns the score that this method explains in place of a target, such as that of a neuron. A target is then
     * refused. Empty, as for most methods, if the method explains the target of the request.
     */
    default Optional<OwnScore> ownScore() {
        return Optional.empty();
    }

    /** Returns a method in words: its name and its settings, such as {@code saliency {absolute=true}}. */
    static String inWords(Attribution<?> method) {
        return method.settings().isEmpty() ? method.name() : method.name() + " " + method.settings();
    }

    /** A method that only runs the model forward: it explains any scoring function. */
    interface Forward extends Attribution<Model> {
        /** Returns this method applied to the output of a layer; see {@link Gradient#at}. */
        default Attribution<LayeredModel> at(String... layers) {
            return new LayerAttribution<>(this, List.of(layers));
        }

        /** Returns this method as one that explains a neuron; see {@link Gradient#towards}. */
        default Attribution<LayeredModel> towards(String layer, Target unit) {
            return new NeuronAttribution<>(this, layer, unit);
        }

        /** Returns {@link Need#FORWARD}. */
        @Override
        default Need need() {
            return Need.FORWARD;
        }
    }

    /** A method that takes gradients of the model with respect to its inputs. */
    interface Gradient extends Attribution<DifferentiableModel> {
        /**
         * Returns this method applied to the output of a layer instead of the inputs: the method on the tail of the
         * model cut there. Attributions have the layer's shape. A baseline is an activation of the layer: zeros are
         * zero activations. To use the activation that the layer computes for a baseline of the inputs, give the method
         * {@link Baseline#throughHead()}.
         *
         * @param layers address of a value inside the model, such as {@code encoder}, {@code encoder:in} or
         *     {@code relu#1} (see {@link io.github.attribution4j.model.Cut.Point}), or several of which none depends
         *     on another
         */
        default Attribution<LayeredModel> at(String... layers) {
            return new LayerAttribution<>(this, List.of(layers));
        }

        /**
         * Returns this method as one that explains a neuron, or any other score of a layer's output, instead of the
         * model's output: the method on the head of the model cut there. Attributions have the inputs' shapes. A target
         * given to {@code attribute} would not be used, so it is refused: leave it out.
         *
         * @param layer dotted path of a module
         * @param unit the neuron, such as {@code Target.at(17, 3, 3)}
         */
        default Attribution<LayeredModel> towards(String layer, Target unit) {
            return new NeuronAttribution<>(this, layer, unit);
        }

        /** Returns {@link Need#GRADIENTS}. */
        @Override
        default Need need() {
            return Need.GRADIENTS;
        }
    }

    /** A method that goes back through the model by other rules than the derivative. */
    interface Ruled extends Attribution<RuledModel> {
        /**
         * Explains the model's output by activations: what this method does {@link #at} a layer. One run of the whole
         * model gives the activations, the output, and what comes back to the activations.
         *
         * @param cut a cut of the model, at the values
         * @return attributions named by the points of the cut, owned by the caller
         * @throws InvalidRequestException and others as for {@link Attribution#attribute}
         */
        Explanation attribute(RuledModel model, RuledCut cut, Inputs inputs, Target target, Run run);

        /** Returns this method applied to the output of a layer; see {@link Gradient#at}. */
        default Attribution<RuledModel> at(String... layers) {
            return new LayerAttribution<>(this, List.of(layers));
        }

        /** Returns this method as one that explains a neuron; see {@link Gradient#towards}. */
        default Attribution<RuledModel> towards(String layer, Target unit) {
            return new NeuronAttribution<>(this, layer, unit);
        }

        /** Returns {@link Need#RULES}. */
        @Override
        default Need need() {
            return Need.RULES;
        }
    }

    /**
     * A method that consists of its settings. Name, provenance and checks of single settings follow from their
     * {@linkplain io.github.attribution4j.setting.Description description}. A changed copy is a method with
     * changed settings.
     *
     * @param <M> what the method needs of a model
     * @param <S> the method itself
     */
    abstract class Described<M extends Model, S extends Described<M, S>> extends DescribedRecipe<S>
            implements Attribution<M> {
        /** Creates the method with these settings. */
        protected Described(Settings<S> settings) {
            super(settings);
        }
    }
}
