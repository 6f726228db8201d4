// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.training.ParameterStore;
import io.github.attribution4j.djl.internal.engine.DjlArchives;
import io.github.attribution4j.djl.internal.engine.Failures;
import io.github.attribution4j.djl.internal.engine.TorchRuntime;
import io.github.attribution4j.djl.internal.engine.TorchTensors;
import io.github.attribution4j.djl.internal.engine.Types;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Any model that DJL runs, on any engine, forward only: for methods that perturb.
 *
 * <pre>{@code
 * ZooModel<Image, Classifications> zoo = criteria.loadModel();
 * Model model = DjlModel.of(zoo);
 * Inputs inputs = DjlInputs.of(zoo).inputs(image);          // the service's own pre-processing
 * new ShapleySampling().samples(200).attribute(model, inputs, Target.index(281));
 * }</pre>
 *
 * <p>It has no gradients on any engine, because DJL loads models for inference. Methods that need gradients do not
 * accept it; {@link TorchScriptModel#reload(ai.djl.Model)} loads a TorchScript model with gradients.
 *
 * <p>Tensors of PyTorch models are on the model's device. Those of other engines, which have little arithmetic, are
 * plain Java and are copied for each call. Input names are given to DJL, except those that {@link Inputs#of(Tensor...)}
 * makes from positions: ONNX Runtime binds by name if there are names, else by position. For PyTorch {@code batch.mask}
 * is an entry of a dict argument and {@code boxes[]} an element of a list. An XGBoost model returns shape
 * {@code (rows)}, or {@code (rows, classes)} if it has several. The DJL model is neither changed nor closed.
 * Threads may share a model as far as its engine's blocks allow, which PyTorch's and ONNX Runtime's do.
 */
public final class DjlModel implements Model {
    private static final String XGBOOST = "XGBoost";

    private final Block block;
    private final NDManager manager;
    private final Tensors tensors;
    private final Model.Identity identity;
    private final @Nullable String output;
    /** What was loaded here, and is closed here. */
    private final ai.djl.@Nullable Model owned;

    private volatile boolean closed;

    private DjlModel(
            Block block,
            NDManager manager,
            Tensors tensors,
            Model.Identity identity,
            @Nullable String output,
            ai.djl.@Nullable Model owned) {
        this.block = block;
        this.manager = manager;
        this.tensors = tensors;
        this.identity = identity;
        this.output = output;
        this.owned = owned;
    }

    /**
     * Loads a file, such as the JSON of an XGBoost model.
     *
     * <pre>{@code
     * try (DjlModel model = DjlModel.load(Path.of("risk.json"), "XGBoost")) { ... }
     * }</pre>
     *
     * @param file that the engine reads
     * @param engine its name in DJL: {@code XGBoost} (of {@code ai.djl.ml.xgboost:xgboost}), {@code OnnxRuntime} (of
     *     {@code ai.djl.onnxruntime:onnxruntime-engine}), {@code PyTorch} or another that is on the class path
     * @return owns what was loaded; close it
     * @throws UnsupportedModelException if the engine is not there, or does not read the file
     */
    public static DjlModel load(Path file, String engine) {
        if (!Files.isRegularFile(file)) {
            throw new UnsupportedModelException(file + ": no such file");
        }
        if (!Engine.hasEngine(engine)) {
            throw new UnsupportedModelException("engine '" + engine + "' is not on the class path, which has "
                    + Engine.getAllEngines() + "; add its artifact of DJL");
        }
        String name = String.valueOf(file.getFileName());
        ai.djl.Model model = ai.djl.Model.newInstance(name, engine);
        try {
            model.load(file.toAbsolutePath());
            return of(name, DjlArchives.sha256(file), model.getBlock(), model.getNDManager(), model);
        } catch (IOException | MalformedModelException | EngineException e) {
            model.close();
            throw new UnsupportedModelException(file + ": " + engine + " does not load it: " + Failures.line(e), e);
        }
    }

    /**
     * Wraps a model or a {@code ZooModel}; its translator is not used, see {@link DjlInputs}.
     *
     * @param model loaded; not closed
     */
    public static DjlModel of(ai.djl.Model model) {
        String digest = DjlArchives.digest(model).orElse("");
        return of(model.getName(), digest, model.getBlock(), model.getNDManager(), null);
    }

    /**
     * Wraps a block; {@link #named} gives it a name and version.
     *
     * @param block initialized
     * @param manager of the engine and device that the block runs on; not closed
     */
    public static DjlModel of(Block block, NDManager manager) {
        return of(block.getClass().getSimpleName(), "", block, manager, null);
    }

    private static DjlModel of(
            String name, String digest, Block block, NDManager manager, ai.djl.@Nullable Model owned) {
        Engine engine = manager.getEngine();
        Device device = manager.getDevice();
        Tensors tensors = manager instanceof PtNDManager ? DjlTensors.of(device) : Tensors.ofJava();
        String description =
                engine.getEngineName() + " " + engine.getVersion() + " through DJL " + Engine.getDjlVersion();
        return new DjlModel(
                block,
                manager,
                tensors,
                new Model.Identity(name, digest, description, TorchTensors.name(device)),
                null,
                owned);
    }

    /**
     * Returns this model with one of several outputs chosen.
     *
     * @param nameOrIndex the array's name, or its position from 0
     */
    public DjlModel output(String nameOrIndex) {
        return new DjlModel(block, manager, tensors, identity.with("output", nameOrIndex), nameOrIndex, owned);
    }

    /**
     * Returns this model with another name and a version, for the provenance.
     *
     * @param name the name of the model in explanations
     * @param version distinguishes it from other models of its name
     */
    public DjlModel named(String name, String version) {
        Model.Identity said = new Model.Identity(
                name, version, identity.digest(), identity.engine(), identity.device(), identity.loaded());
        return new DjlModel(block, manager, tensors, said, output, owned);
    }

    @Override
    public Tensor forward(Inputs inputs) {
        if (closed) {
            throw new IllegalStateException("this model was closed; make it again with DjlModel.of or DjlModel.load");
        }
        try (NDManager scope = manager.newSubManager()) {
            NDList arguments = new NDList();
            for (int i = 0; i < inputs.size(); i++) {
                NDArray array = toArray(inputs.tensor(i), scope);
                array.setName(inputs.isNamed(i) ? inputs.all().get(i).name() : null);
                arguments.add(array);
            }
            NDList results = block.forward(new ParameterStore(scope, false), arguments, false);
            results.attach(scope);
            return rowsOf(copy(choose(results)), inputs);
        } catch (EngineException e) {
            throw Failures.of("", e);
        } catch (UnsupportedOperationException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new ModelException(identity.engine() + " refuses these inputs: " + Failures.line(e), e);
        }
    }

    private NDArray toArray(Tensor tensor, NDManager scope) {
        if (tensors instanceof TorchTensors own && own.owns(tensor)) {
            NDArray copy = TorchRuntime.get().operations().denseCopy(own.array(tensor));
            copy.attach(scope);
            return copy;
        }
        return DjlTensors.toNDArray(tensor, scope);
    }

    private NDArray choose(NDList results) {
        if (output == null) {
            if (results.size() == 1) {
                return results.get(0);
            }
            throw new ModelException("the model returns " + results.size() + " arrays, " + describe(results)
                    + "; choose one with output(name or index)");
        }
        for (NDArray result : results) {
            if (output.equals(result.getName())) {
                return result;
            }
        }
        int index = Names.index(output);
        if (index < 0 || index >= results.size()) {
            throw new ModelException("output '" + output + "' does not exist; the model returns " + describe(results));
        }
        return results.get(index);
    }

    /** DJL returns the classes of all rows of an XGBoost model as one axis; here each row gets its own. */
    private Tensor rowsOf(Tensor output, Inputs inputs) {
        if (output.shape().rank() != 1 || !manager.getEngine().getEngineName().equals(XGBOOST)) {
            return output;
        }
        long rows = inputs.rows();
        long size = output.shape().size();
        return rows == 0 || size == rows || size % rows != 0 ? output : output.reshape(rows, size / rows);
    }

    private static String describe(NDList results) {
        List<String> all = new ArrayList<>();
        for (int i = 0; i < results.size(); i++) {
            String name = Optional.ofNullable(results.get(i).getName()).orElse(Integer.toString(i));
            all.add(name + " " + Types.fromDjl(results.get(i).getShape()));
        }
        return String.join(", ", all);
    }

    private Tensor copy(NDArray result) {
        if (tensors instanceof TorchTensors own) {
            return own.copyOf(result);
        }
        return javaCopy(result);
    }

    /** Returns an array of any engine as a plain Java tensor. */
    static Tensor javaCopy(NDArray array) {
        Shape shape = Types.fromDjl(array.getShape());
        DataType dataType = Types.fromDjl(array.getDataType());
        if (Types.toDjl(dataType) == array.getDataType()) {
            return Tensors.ofJava().of(array.toByteBuffer(), dataType, shape);
        }
        Number[] numbers = array.toArray();
        double[] values = new double[numbers.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = numbers[i].doubleValue();
        }
        return Tensors.ofJava().of(values, shape).to(dataType);
    }

    @Override
    public Tensors tensors() {
        return tensors;
    }

    @Override
    public Model.Identity identity() {
        return identity;
    }

    /** Refuses further calls, and closes a model from {@link #load}. One that was wrapped remains the caller's. */
    @Override
    public void close() {
        closed = true;
        if (owned != null) {
            owned.close();
        }
    }

    @Override
    public String toString() {
        return "DjlModel[" + identity.name() + "]";
    }
}
