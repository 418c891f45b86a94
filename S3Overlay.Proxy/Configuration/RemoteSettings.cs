using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration;

/// <summary>
/// The settings of one remote: <c>S3_OVERLAY_REMOTE_*</c>, or <c>S3_OVERLAY_REMOTE_NAME_*</c> of a further remote. Those are derived from
/// the first: one for every setting with <see cref="Setting.IsPerRemote"/>.
/// </summary>
internal sealed class RemoteSettings
{
    private const string Prefix = "S3_OVERLAY_REMOTE_";

    /// <summary>Those of the remote without a name.</summary>
    public static readonly RemoteSettings Unnamed = new(null);

    /// <summary>Those of any further remote, as the documentation shows them.</summary>
    public static readonly RemoteSettings Template = new("<NAME>");

    private readonly string? _prefix;

    private RemoteSettings(string? name)
    {
        _prefix = name is null ? null : $"{Prefix}{name.ToUpperInvariant().Replace('-', '_')}_";
        var all = Settings.All.Where(static setting => setting.IsPerRemote).Select(Of).ToList();
        if (name is not null)
        {
            all.Insert(1, Backs = new(_prefix + "BACKS", Settings.SeveralRemotes, null,
                "What it backs: `bucket`, `bucket/prefix/`, `local:remote`, `local/prefix/:remote/other/`, or `*` for everything "
                + "that is not named. A list or a JSON object. Required.", BackedPlaces.Parse));
        }

        All = all;
    }

    /// <summary>All of them, in the order of the documentation.</summary>
    public IReadOnlyList<Setting> All { get; }

    /// <summary>What a further remote backs; null for the unnamed remote, which has <see cref="Settings.Mapping"/> instead.</summary>
    public Setting<BackedPlaces?>? Backs { get; }

    /// <summary>The setting that says which buckets the remote has.</summary>
    public Setting Places => Backs ?? (Setting)Settings.Mapping;

    /// <summary>Those of a further remote.</summary>
    public static RemoteSettings Named(string name) => new(name);

    /// <summary>This remote's form of a setting of the remote without a name.</summary>
    public T Of<T>(T unnamed)
        where T : Setting =>
        _prefix is null ? unnamed : (T)((Setting)unnamed with
        {
            Name = _prefix + unnamed.Name[Prefix.Length..],
            Area = Settings.SeveralRemotes,
            Description = unnamed.NamedDescription ?? unnamed.Description,
            Aliases = [],
        });

    /// <summary>The name of that form.</summary>
    public string NameOf(Setting unnamed) => Of(unnamed).Name;

    /// <summary>The remote in a setting's name, whether or not there is such a remote; null for settings of other kinds.</summary>
    public static string? RemoteOf(string setting)
    {
        if (!setting.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var rest = setting[Prefix.Length..];
        return Template.All.Select(static each => each.Name[(Prefix.Length + "<NAME>".Length)..])
            .Where(end => rest.Length > end.Length && rest.EndsWith(end, StringComparison.OrdinalIgnoreCase))
            .Select(end => rest[..^end.Length]).FirstOrDefault();
    }
}
