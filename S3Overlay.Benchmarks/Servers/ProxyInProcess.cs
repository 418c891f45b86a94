using System.Reflection;
using System.Runtime.Loader;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>
/// The built proxy within this process, to measure its allocations. It ends with the process.
/// </summary>
public static class ProxyInProcess
{
    /// <summary>Starts it on a port and returns once that is open.</summary>
    /// <param name="port">A free loopback port.</param>
    /// <param name="assembly">The proxy's dll; null for the build beside this one.</param>
    public static async Task StartAsync(int port, string? assembly, IReadOnlyDictionary<string, string> settings)
    {
        foreach (var (name, value) in settings)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        var program = assembly is null ? typeof(S3Overlay.Proxy.Protocol.S3Request).Assembly
            : new Apart(Path.GetFullPath(assembly)).Program;
        new Thread(() => program.EntryPoint!.Invoke(null, [new[] { "--urls", FormattableString.Invariant($"http://127.0.0.1:{port}") }]))
            { IsBackground = true }.Start();
        if (!await ServerProcess.IsOpenAsync(port, () => false))
        {
            throw new InvalidOperationException($"The proxy did not listen on port {port}.");
        }
    }

    /// <summary>Another build, with its own packages.</summary>
    private sealed class Apart(string path) : AssemblyLoadContext("proxy")
    {
        private readonly AssemblyDependencyResolver _resolver = new(path);

        public Assembly Program => LoadFromAssemblyPath(path);

        protected override Assembly? Load(AssemblyName assemblyName) =>
            _resolver.ResolveAssemblyToPath(assemblyName) is { } found ? LoadFromAssemblyPath(found) : null;
    }
}
