using S3Overlay.Promote.Wire;

namespace S3Overlay.Promote;

/// <summary>What is sent, and with which credentials.</summary>
internal sealed record PromoteOptions
{
    /// <summary>The AWS profile for every remote that <see cref="Profiles"/> does not name; null for none.</summary>
    public string? Profile { get; init; }

    /// <summary>AWS profiles by the remote's name.</summary>
    public IReadOnlyDictionary<string, string> Profiles { get; init; } = new Dictionary<string, string>();

    /// <summary>Gives the write credentials of every remote; null for those of the AWS profiles.</summary>
    public Func<Task<WireKeys>>? Keys { get; init; }

    /// <summary>The URL to write to; null for the one from which the proxy reads.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>True to send deletes.</summary>
    public bool Deletes { get; init; }

    /// <summary>True to send keys that changed on both sides: what the remote has just before is replaced.</summary>
    public bool Force { get; init; }

    /// <summary>True to leave the local version when it has been sent.</summary>
    public bool Keep { get; init; }

    /// <summary>True to send to a store that does not honour conditions.</summary>
    public bool Unchecked { get; init; }

    /// <summary>Which keys.</summary>
    public Func<string, bool> IsChosen { get; init; } = static _ => true;

    /// <summary>Bodies sent at the same time.</summary>
    public int Transfers { get; init; } = 4;

    /// <summary>The folder that remembers uploads in parts, so that they go on where they stopped.</summary>
    public required string StateFolder { get; init; }
}
