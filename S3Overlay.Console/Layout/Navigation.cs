namespace S3Overlay.WebConsole.Layout;

/// <summary>An entry of the navigation.</summary>
/// <param name="Path">The page.</param>
/// <param name="Label">Its name.</param>
/// <param name="Icon">Its icon: see <c>Icon.razor</c>.</param>
/// <param name="IsForAdministrators">Whether only keys that may administer have it. The page's own attribute enforces that.</param>
internal sealed record Navigation(string Path, string Label, string Icon, bool IsForAdministrators)
{
    /// <summary>All entries, in order. A new page adds its row here.</summary>
    public static readonly IReadOnlyList<Navigation> All =
    [
        new("", "Overview", "overview", IsForAdministrators: true),
        new("browse", "Browse", "browse", IsForAdministrators: false),
        new("changes", "Changes", "changes", IsForAdministrators: true),
        new("cache", "Cache", "cache", IsForAdministrators: true),
        new("requests", "Requests", "requests", IsForAdministrators: true),
        new("settings", "Settings", "settings", IsForAdministrators: true),
    ];
}
