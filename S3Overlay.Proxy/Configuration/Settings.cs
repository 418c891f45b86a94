using System.Reflection;

namespace S3Overlay.Proxy.Configuration;

/// <summary>
/// Every setting: name, default, parser, help. The reader, the help text and the test of <c>docs/configuration.md</c> use this table.
/// </summary>
public static partial class Settings
{
    private static readonly Lazy<IReadOnlyList<Setting>> Table = new(() =>
        [.. typeof(Settings).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null)).OfType<Setting>()]);

    /// <summary>All settings, in the order of the documentation.</summary>
    public static IReadOnlyList<Setting> All => Table.Value;

    /// <summary>All settings, then those of a named remote.</summary>
    public static IReadOnlyList<Setting> Documented => [.. All, .. RemoteSettings.Template.All];
}
