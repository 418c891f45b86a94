namespace S3Overlay.Proxy.Hosting;

/// <summary>What the runtime reads once, before the first socket exists.</summary>
public static class ProcessSettings
{
    /// <summary>The runtime's name for: run what waits for a socket on the thread that saw the socket become ready.</summary>
    public const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>
    /// Sets them unless the environment does. Inline completions save 30 to 50 % of the CPU of a small request, because no thread has to be
    /// woken. In return, handlers must never block. The sockets library reads the variable when its first engine starts.
    /// </summary>
    public static void Apply() => Apply(Environment.GetEnvironmentVariable, Environment.SetEnvironmentVariable);

    /// <summary>The same in an environment that is not this process's own: a test's.</summary>
    internal static void Apply(Func<string, string?> get, Action<string, string> set)
    {
        if (get(InlineCompletions) is null)
        {
            set(InlineCompletions, "1");
        }
    }
}
