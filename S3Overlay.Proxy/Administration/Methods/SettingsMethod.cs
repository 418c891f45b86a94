using System.ComponentModel;

using S3Overlay.Proxy.Configuration;

namespace S3Overlay.Proxy.Administration.Methods;

/// <summary><c>GET settings</c>: every setting, its value, and where that comes from.</summary>
internal sealed class SettingsMethod(Func<IReadOnlyList<ShownSetting>> settings) : DocumentMethod<SettingsDocument>(
    "GET", "settings", "Returns every setting with its value, its source and its meaning. Secrets are left out.")
{
    /// <inheritdoc/>
    protected override Task<(SettingsDocument Document, string Result)> GetAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var shown = settings();
        return Task.FromResult((new SettingsDocument([.. shown.Select(SettingDocument.Of)]), $"{shown.Count} settings"));
    }
}

/// <summary>All settings.</summary>
internal sealed record SettingsDocument(IReadOnlyList<SettingDocument> Settings);

/// <summary>A setting.</summary>
internal sealed record SettingDocument(
    string Name,
    [property: Description("The heading in the documentation.")] string Area,
    [property: Description("Its value, or its default; null if there is none, or if it is secret.")] string? Value,
    [property: Description("True if it is set, rather than the default.")] bool Set,
    [property: Description("True if the value is never shown.")] bool Secret,
    [property: Description("Where the value comes from.")] string Source,
    [property: Description("The default; null if there is none.")] string? Default,
    [property: Description("What it means, in Markdown.")] string Description)
{
    public static SettingDocument Of(ShownSetting of) => new(
        of.Setting.Name, of.Setting.Area, of.Value, of.IsSet, of.Setting.IsSecret, of.Source, of.Setting.Default, of.Setting.Description);
}
