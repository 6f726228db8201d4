// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.archive.ArchiveException;
import io.github.attribution4j.djl.internal.archive.FloatingTypes;
import io.github.attribution4j.djl.internal.archive.SplitArchive;
import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.engine.Failures;
import io.github.attribution4j.djl.internal.engine.ThreadSettings;
import io.github.attribution4j.djl.internal.engine.TorchRuntime;
import io.github.attribution4j.djl.internal.engine.TorchTensors;
import io.github.attribution4j.djl.internal.engine.WeightsReading;
import io.github.attribution4j.djl.internal.program.Devices;
import io.github.attribution4j.djl.internal.program.EntryMethod;
import io.github.attribution4j.djl.internal.program.RewriteException;
import io.github.attribution4j.djl.internal.program.WrittenTypes;
import io.github.attribution4j.djl.internal.script.ScriptException;
import io.github.attribution4j.djl.internal.state.StartState;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import java.nio.file.Path;

/** Makes models from archives. */
final class TorchLoader {
    private TorchLoader() {}

    /** Opens an archive, or throws with the reason. */
    interface Source {
        TorchArchive open();
    }

    /**
     * Loads an archive; see {@link TorchScriptModel#load(Path, LoadOptions)}.
     *
     * @param name the name in messages
     */
    static TorchScriptModel load(String name, Source source, LoadOptions options) {
        TorchRuntime runtime = TorchRuntime.get();
        // Checked before the file is read, because libtorch reports a missing device late.
        TorchTensors tensors = runtime.tensors(options.device());
        options.threads().ifPresent(ThreadSettings::setIntraOpThreads);
        options.interOpThreads().ifPresent(ThreadSettings::setInterOpThreads);
        try {
            TorchArchive original = EntryMethod.of(source.open(), options.method());
            TorchArchive converted = options.dataType()
                    .map(type -> WrittenTypes.convert(
                            FloatingTypes.convert(original, type == DataType.FLOAT64), type == DataType.FLOAT64))
                    .orElse(original);
            TorchArchive archive =
                    StartState.of(converted, options.state(), options.dataType().orElse(null));
            SplitArchive split = SplitArchive.of(archive);
            WeightsReading reading = new WeightsReading(split, original, runtime, tensors);
            TorchModules modules = null;
            boolean complete = false;
            try {
                Devices.Moved moved = Devices.move(split.frame(), TorchTensors.name(options.device()));
                modules = TorchModules.load(
                        name, runtime, tensors, moved.archive(), options.isUnbatched(), reading::parameters);
                Model.Identity identity = new Model.Identity(
                        name,
                        "",
                        reading.digest(),
                        runtime.description(),
                        TorchTensors.name(options.device()),
                        options.changes());
                TorchScriptModel model = new TorchScriptModel(modules, options, identity, moved.repairs());
                complete = true;
                return model;
            } finally {
                if (!complete) {
                    if (modules != null) {
                        modules.close();
                    }
                    reading.discard();
                }
            }
        } catch (ArchiveException | RewriteException e) {
            throw new UnsupportedModelException(Failures.line(e), e);
        } catch (ScriptException e) {
            throw new UnsupportedModelException(name + ": code/" + Failures.line(e), e);
        }
    }
}
