// An OpenSearch node from jars alone: java -cp … OpenSearchNode path.home=DIR http.port=9200 …
//
// Starts org.opensearch.node.Node itself, without the server's own start-up code, hence without its refusal to run as
// root, its kernel settings and its Java security manager. Modules are enabled where they are on the class path; a plugin
// that is unpacked in path.home/plugins/NAME is loaded by OpenSearch. path.home/config is read; arguments win.
//
// Compiled against OpenSearch 2 it starts 3 as well, where modules have other names and are given as PluginInfo; without
// analysis-common there, whose Thai analyzer needs locale data that the Java of PyPI leaves out.
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.opensearch.Version;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;

public final class OpenSearchNode {
    private static final String[] MODULES = {
        "org.opensearch.transport.Netty4Plugin", "org.opensearch.analysis.common.CommonAnalysisPlugin",
        "org.opensearch.ingest.common.IngestCommonPlugin", "org.opensearch.painless.PainlessPlugin",
        "org.opensearch.index.mapper.MapperExtrasPlugin", "org.opensearch.index.reindex.ReindexPlugin"};
    private static final String[] MODULES_OF_3 = {
        "org.opensearch.transport.Netty4ModulePlugin", "org.opensearch.painless.PainlessModulePlugin",
        "org.opensearch.index.mapper.MapperExtrasModulePlugin", "org.opensearch.index.reindex.ReindexModulePlugin"};

    private static final class PluginNode extends Node {
        @SuppressWarnings({"unchecked", "rawtypes"}) // of classes, or from 3 on of PluginInfo
        PluginNode(Environment environment, Collection modules) {
            super(environment, modules, true);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Settings.Builder settings = Settings.builder();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            settings.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        Environment environment =
            InternalSettingsPreparer.prepareEnvironment(settings.build(), new HashMap<>(), null, () -> "node-1");
        LogConfigurator.setNodeName("node-1");
        LogConfigurator.configure(environment);
        boolean is_3 = Version.CURRENT.major >= 3;
        List<Object> modules = new ArrayList<>();
        for (String module : is_3 ? MODULES_OF_3 : MODULES) {
            try {
                Class<?> found = Class.forName(module);
                modules.add(is_3 ? new PluginInfo(module, module, "3", Version.CURRENT, "21", module, null, List.of(), false)
                                 : found);
            } catch (ClassNotFoundException absent) {
                System.out.println("without " + module);
            }
        }
        CountDownLatch closed = new CountDownLatch(1);
        Node node = new PluginNode(environment, modules);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception failure) {
                failure.printStackTrace();
            } finally {
                closed.countDown();
            }
        }));
        node.start();
        closed.await();
    }
}
