// An OpenSearch node from jars alone: java -cp … OpenSearchNode path.home=DIR http.port=9200 …
//
// Starts org.opensearch.node.Node itself, without the server's own start-up code, hence without its refusal to run as
// root, its kernel settings and its Java security manager. Modules are enabled where they are on the class path; a plugin
// that is unpacked in path.home/plugins/NAME is loaded by OpenSearch. path.home/config is read; arguments win.
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.Plugin;

public final class OpenSearchNode {
    private static final String[] MODULES = {
        "org.opensearch.transport.Netty4Plugin", "org.opensearch.analysis.common.CommonAnalysisPlugin",
        "org.opensearch.ingest.common.IngestCommonPlugin", "org.opensearch.painless.PainlessPlugin",
        "org.opensearch.index.mapper.MapperExtrasPlugin", "org.opensearch.index.reindex.ReindexPlugin"};

    private static final class PluginNode extends Node {
        PluginNode(Environment environment, Collection<Class<? extends Plugin>> modules) {
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
        List<Class<? extends Plugin>> modules = new ArrayList<>();
        for (String module : MODULES) {
            try {
                modules.add(Class.forName(module).asSubclass(Plugin.class));
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
