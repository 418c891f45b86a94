using System.Reflection;

namespace S3Overlay.Proxy.Configuration;

/// <summary>
/// Every setting there is: name, default, how it is read, and what it does. The reader, the help text and the check of
/// <c>docs/configuration.md</c> all go by this table.
/// </summary>
public static partial class Settings
{
    private static readonly Lazy<IReadOnlyList<Setting>> Table = new(() =>
        [.. typeof(Settings).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null)).OfType<Setting>()]);

    /// <summary>All settings, in the order of the documentation.</summary>
    public static IReadOnlyList<Setting> All => Table.Value;

    /// <summary>All of them, and those that each further remote has under its own name.</summary>
    public static IReadOnlyList<Setting> Documented => [.. All, .. RemoteSettings.Template.All];

}
