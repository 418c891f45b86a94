using System.Collections.Concurrent;
using System.Security.Cryptography;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Pages.Changes;

/// <summary>
/// Archives that pages offer for download. A page opens an offer, its form asks for the archive, and the page learns what was sent: exactly
/// that is reverted then.
/// </summary>
internal sealed class ArchiveOffers
{
    private readonly ConcurrentDictionary<string, ArchiveOffer> _offers = new(StringComparer.Ordinal);

    /// <summary>Opens an offer. Dispose it when the page no longer needs it.</summary>
    /// <param name="session">Who may take it.</param>
    /// <param name="scope">Which changes.</param>
    /// <param name="changed">Called when its state changes, on any thread.</param>
    public ArchiveOffer Open(string session, ChangeScope scope, Action changed)
    {
        var offer = new ArchiveOffer(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), session, scope, changed, Close);
        _offers[offer.Id] = offer;
        return offer;
    }

    /// <summary>Finds an offer of a session; null if there is none.</summary>
    public ArchiveOffer? Find(string id, string session) =>
        _offers.TryGetValue(id, out var offer) && offer.Session == session ? offer : null;

    private void Close(ArchiveOffer offer) => _offers.TryRemove(offer.Id, out _);
}

/// <summary>An archive that a page offers.</summary>
internal sealed class ArchiveOffer(string id, string session, ChangeScope scope, Action changed, Action<ArchiveOffer> close) : IDisposable
{
    /// <summary>
    /// The most changes. What was saved is remembered until it is reverted, and a page must not cost more memory than that.
    /// </summary>
    public const int Most = 50_000;

    /// <summary>The most characters of their names and stamps.</summary>
    private const int MostText = 8 << 20;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private List<SavedKey> _keys = [];
    private int _text;

    /// <summary>Names it in the form. A guess finds nothing.</summary>
    public string Id => id;

    /// <summary>Who may take it.</summary>
    public string Session => session;

    /// <summary>Which changes it is about.</summary>
    public ChangeScope Scope => scope;

    /// <summary>How far it is.</summary>
    public ArchiveState State { get; private set; }

    /// <summary>How many changes are in it.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of their objects.</summary>
    public long Bytes { get; private set; }

    /// <summary>Changes that only their clients' keys can read, so that they are not in it.</summary>
    public long Unreadable { get; private set; }

    /// <summary>The name of the file.</summary>
    public string FileName { get; private set; } = "";

    /// <summary>Why it failed; null if it did not.</summary>
    public string? Problem { get; private set; }

    /// <summary>The changes that are in it.</summary>
    public IReadOnlyList<SavedKey> Keys => _keys;

    /// <summary>Begins to send it. False while another request is at it, and once it was sent.</summary>
    public bool TryBegin(string fileName)
    {
        lock (_lock)
        {
            if (State is ArchiveState.Sending or ArchiveState.Sent)
            {
                return false;
            }

            (State, FileName, Problem, Count, Bytes, Unreadable) = (ArchiveState.Sending, fileName, null, 0, 0, 0);
            (_keys, _text) = ([], 0);
        }

        changed();
        return true;
    }

    /// <summary>Adds a change that was sent.</summary>
    /// <exception cref="ProxyError">There are too many.</exception>
    public void Add(SavedKey key)
    {
        _text += key.Bucket.Length + key.Key.Length + key.Stamp.Length;
        if (_keys.Count == Most || _text > MostText)
        {
            throw new ProxyError(
                413, "TooManyChanges", "These are too many changes for the browser. Use the command line, or a longer prefix.");
        }

        _keys.Add(key);
        (Count, Bytes) = (_keys.Count, Bytes + key.Size);
        changed();
    }

    /// <summary>All of it was sent.</summary>
    public void End(long unreadable)
    {
        (Unreadable, State) = (unreadable, ArchiveState.Sent);
        changed();
    }

    /// <summary>It was not sent to its end, so nothing of it is reverted. It may be asked for again.</summary>
    public void Fail(string problem)
    {
        (_keys, Count, Problem, State) = ([], 0, problem, ArchiveState.Failed);
        changed();
    }

    /// <summary>Cancelled when the page no longer wants it.</summary>
    public CancellationToken Stopped => _stop.Token;

    /// <summary>Withdraws the offer, and stops a download that runs.</summary>
    public void Dispose()
    {
        close(this);
        _stop.Cancel();
        _keys = [];
    }
}

/// <summary>How far an archive is.</summary>
internal enum ArchiveState
{
    /// <summary>It was not asked for yet.</summary>
    Offered,

    /// <summary>It is being sent.</summary>
    Sending,

    /// <summary>All of it was sent.</summary>
    Sent,

    /// <summary>It broke off.</summary>
    Failed,
}
