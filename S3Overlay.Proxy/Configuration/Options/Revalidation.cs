using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration.Options;

/// <summary>When held copies are compared with the remote (rule S1).</summary>
/// <param name="Mode">In which way.</param>
/// <param name="Life">How long after a comparison a copy is believed; counts for <see cref="RevalidationMode.AfterLife"/> alone.</param>
public readonly record struct Revalidation(RevalidationMode Mode, TimeSpan Life)
{
    /// <summary>A copy stays until it is dropped.</summary>
    public static readonly Revalidation Never = new(RevalidationMode.Never, TimeSpan.Zero);

    /// <summary>At each read.</summary>
    public static readonly Revalidation Always = new(RevalidationMode.Always, TimeSpan.Zero);

    /// <summary>What is held is never replaced.</summary>
    public static readonly Revalidation Frozen = new(RevalidationMode.Frozen, TimeSpan.Zero);

    /// <summary>Once a copy is older than so long. A life of no time is none.</summary>
    public static Revalidation After(TimeSpan life) => life > TimeSpan.Zero ? new(RevalidationMode.AfterLife, life) : Always;

    /// <summary>Reads a mode by its name, or a duration.</summary>
    /// <exception cref="FormatException">Anything else.</exception>
    public static Revalidation Parse(string text)
    {
        switch (text.ToLowerInvariant())
        {
            case "never":
                return Never;
            case "always":
                return Always;
            case "frozen":
                return Frozen;
        }

        try
        {
            return After(Durations.Parse(text));
        }
        catch (FormatException)
        {
            throw new FormatException("must be never, always, frozen or a duration such as 10m.");
        }
    }
}
