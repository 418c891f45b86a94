namespace S3Overlay.Tests.Model;

/// <summary>The negative cache of each proxy (rule S2): keys that it may remember as absent at the remote.</summary>
/// <param name="life">How long an absence is remembered. Zero if not at all.</param>
internal sealed class ModelAbsences(TimeSpan life)
{
    private readonly Dictionary<(int Proxy, ModelBucket Bucket, string Key), (DateTimeOffset From, DateTimeOffset To)> _known = [];
    private readonly HashSet<(int Proxy, ModelBucket Bucket, string Key)> _certain = [];

    /// <summary>How long an absence is remembered.</summary>
    public TimeSpan Life => life;

    /// <summary>A lookup found that the remote lacks a key.</summary>
    /// <param name="isCertain">Whether the remote was certainly asked. Otherwise it may have been.</param>
    public void Note(int proxy, ModelBucket bucket, string key, DateTimeOffset began, DateTimeOffset now, bool isCertain)
    {
        if (life > TimeSpan.Zero)
        {
            // The response may have come from the negative cache.
            var at = (proxy, bucket, key);
            var isKnown = _known.TryGetValue(at, out var before) && now - before.From < life;
            _known[at] = (isKnown ? before.From : began, now);
            if (isCertain)
            {
                _certain.Add(at);
            }
            else if (!isKnown)
            {
                // What was certain before is over.
                _certain.Remove(at);
            }
        }
    }

    /// <summary>Whether the proxy may report a key as absent from memory.</summary>
    public bool MayHave(int proxy, ModelBucket bucket, string key, DateTimeOffset began) =>
        _known.TryGetValue((proxy, bucket, key), out var known) && began - known.To < life;

    /// <summary>Whether it must be.</summary>
    public bool Has(int proxy, ModelBucket bucket, string key, DateTimeOffset now) =>
        _certain.Contains((proxy, bucket, key)) && now - _known[(proxy, bucket, key)].From < life;

    /// <summary>An operation that may have invalidated the absences.</summary>
    public void Doubt() => _certain.Clear();

    /// <summary>The proxy has certainly forgotten a key.</summary>
    public void Forget(int proxy, ModelBucket bucket, string key) => Forget(at => at == (proxy, bucket, key));

    /// <summary>The proxy has forgotten all keys.</summary>
    public void Forget(int proxy) => Forget(at => at.Proxy == proxy);

    private void Forget(Func<(int Proxy, ModelBucket Bucket, string Key), bool> isMeant)
    {
        foreach (var at in _known.Keys.Where(isMeant).ToList())
        {
            _known.Remove(at);
            _certain.Remove(at);
        }
    }
}
