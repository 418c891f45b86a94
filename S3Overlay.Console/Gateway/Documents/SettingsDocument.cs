namespace S3Overlay.WebConsole.Gateway.Documents;

/// <summary>What <c>GET settings</c> returns.</summary>
public sealed record SettingsDocument(IReadOnlyList<SettingDocument> Settings);

/// <summary>A setting.</summary>
public sealed record SettingDocument(
    string Name, string Area, string? Value, bool Set, bool Secret, string Source, string? Default, string Description);
