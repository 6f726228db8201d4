// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.Model;
import ai.djl.metric.Metrics;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.Batchifier;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import io.github.attribution4j.djl.internal.engine.Failures;
import io.github.attribution4j.djl.internal.engine.TorchTensors;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The pre-processing of a service: makes a model's inputs from what the service predicts on, such as an {@code Image},
 * by running the input half of its DJL {@link Translator}.
 *
 * <pre>{@code
 * ZooModel<Image, Classifications> zoo = criteria.loadModel();
 * Inputs inputs = DjlInputs.of(zoo).inputs(image);
 * try (TorchScriptModel model = TorchScriptModel.reload(zoo)) {
 *     saliency.attribute(model, inputs, Target.index(281));
 * }
 * }</pre>
 *
 * <p>Attributions belong to what the translator makes, such as the resized and normalized image, because that is the
 * input of the model.
 *
 * @param <I> what the service predicts on
 */
public final class DjlInputs<I> {
    private final Model model;
    private final Translator<I, ?> translator;

    private DjlInputs(Model model, Translator<I, ?> translator) {
        this.model = model;
        this.translator = translator;
    }

    /** Returns the pre-processing of a model of the zoo. */
    public static <I> DjlInputs<I> of(ZooModel<I, ?> model) {
        return new DjlInputs<>(model, model.getTranslator());
    }

    /** Returns the pre-processing of a translator used with a model. */
    public static <I> DjlInputs<I> of(Model model, Translator<I, ?> translator) {
        return new DjlInputs<>(model, translator);
    }

    /**
     * Makes the inputs of one example: one row.
     *
     * <p>Arrays of a floating type are attributed, all others, such as token ids and lengths, are held fixed. Tensors
     * belong to the current scope and are on the backend that {@link DjlModel} and a reloaded {@link TorchScriptModel}
     * take.
     *
     * @param input what the service predicts on; not changed
     * @throws ModelException if the translator fails
     */
    // A translator declares Exception; what it throws becomes the cause.
    @SuppressWarnings("PMD.AvoidCatchingGenericException")
    public Inputs inputs(I input) {
        NDManager owner = model.getNDManager();
        try (Context context = new Context(model, owner.newSubManager())) {
            translator.prepare(context);
            NDList list = translator.processInput(context, input);
            Batchifier batchifier = translator.getBatchifier();
            NDList rows = batchifier == null ? list : batchifier.batchify(new NDList[] {list});
            return toInputs(rows, owner);
        } catch (ModelException e) {
            throw e;
        } catch (Exception e) {
            throw new ModelException(
                    "translator " + translator.getClass().getSimpleName() + " cannot read this input: "
                            + Failures.line(e),
                    e);
        }
    }

    private static Inputs toInputs(NDList rows, NDManager owner) {
        Tensors tensors = owner instanceof PtNDManager ? DjlTensors.of(owner.getDevice()) : Tensors.ofJava();
        Inputs inputs = Inputs.none();
        Set<String> names = new HashSet<>();
        try (TensorScope scope = TensorScope.open()) {
            for (int i = 0; i < rows.size(); i++) {
                NDArray array = rows.get(i);
                Tensor tensor = tensors instanceof TorchTensors own ? own.copyOf(array) : DjlModel.javaCopy(array);
                String name = array.getName();
                if (name == null || name.isEmpty() || !names.add(name)) {
                    name = Inputs.positionalName(i);
                }
                boolean attributed = tensor.dataType().isFloating();
                inputs = inputs.with(
                        new Inputs.Input(name, tensor, attributed ? Inputs.Role.ATTRIBUTED : Inputs.Role.FIXED));
            }
            scope.keepAll(inputs.tensors());
            return inputs;
        }
    }

    /** Returns the translator's class and the model's name. */
    @Override
    public String toString() {
        return "DjlInputs[" + translator.getClass().getSimpleName() + ", " + model.getName() + "]";
    }

    /** The context of a translator, which closes its arrays. */
    private static final class Context implements TranslatorContext {
        private final Model model;
        private final NDManager manager;
        private final Map<String, Object> attachments = new HashMap<>();

        Context(Model model, NDManager manager) {
            this.model = model;
            this.manager = manager;
        }

        @Override
        public Model getModel() {
            return model;
        }

        @Override
        public NDManager getNDManager() {
            return manager;
        }

        @Override
        public NDManager getPredictorManager() {
            return manager;
        }

        @Override
        public Block getBlock() {
            return model.getBlock();
        }

        @Override
        public Metrics getMetrics() {
            return new Metrics();
        }

        @Override
        public @Nullable Object getAttachment(String key) {
            return attachments.get(key);
        }

        @Override
        public void setAttachment(String key, Object value) {
            attachments.put(key, value);
        }

        @Override
        public void close() {
            manager.close();
        }
    }
}
