using S3Overlay.Tests.Shipping;

namespace S3Overlay.Tests.Support;

/// <summary>
/// The program that tests start as a process: what <c>dotnet publish</c> made for this platform, if <c>S3OVERLAY_TEST_PUBLISHED</c> names
/// its folder, and else the build beside the tests. What ships is compiled ahead and trimmed, so it must prove itself.
/// </summary>
public static class ProxyProgram
{
    /// <summary>The build beside the tests.</summary>
    public static IReadOnlyList<string> Built { get; } = ["dotnet", typeof(Proxy.Protocol.S3Request).Assembly.Location];

    /// <summary>The program and its first arguments.</summary>
    public static IReadOnlyList<string> Command { get; } = PublishedFactAttribute.Folder is { } folder
        ? [Path.Combine(folder, "S3Overlay.Proxy")] : Built;

    /// <summary>Runs it to its end.</summary>
    public static Task<ToolResult> RunAsync(IEnumerable<string> arguments, params (string Name, string Value)[] settings) =>
        S3Tool.RunAsync(Command[0], [.. Command.Skip(1), .. arguments], settings.ToDictionary(
            static setting => setting.Name, static setting => setting.Value));
}
