using S3Overlay.Proxy.Concurrency;
using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Forwarding.Credentials;

/// <summary>
/// Credentials that expire, renewed before they do. While the current keys are good, no request waits: one renewal at a time runs in the
/// background. Where there are none yet, or they have expired, all requests wait for the same attempt. A failed attempt is not repeated for
/// a moment: a token service in trouble is not flooded.
/// </summary>
/// <param name="obtain">Asks the source for keys. Throws <see cref="CredentialsException"/>.</param>
/// <param name="time">The clock by which keys expire.</param>
/// <param name="notRenewed">Hears, once for each reason, why keys in use could not be renewed.</param>
internal sealed class RenewedCredentials(Func<Task<ObtainedKeys>> obtain, TimeProvider time, Action<string>? notRenewed = null)
{
    /// <summary>
    /// How long one attempt may take. Below a request's budget, so that its client hears of the credentials and not of a slow remote.
    /// </summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>How long after a failed attempt the next one may start.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Keys are renewed this long before they expire, or in the last third of their life where that is shorter.</summary>
    public static readonly TimeSpan Lead = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Temporary keys that do not say when they expire, such as those another program writes into a profile, are read again this often.
    /// </summary>
    public static readonly TimeSpan Reread = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private volatile Current? _current;
    private Task<Current>? _attempt;
    private CredentialsException? _failure;
    private DateTimeOffset _failedAt;

    /// <summary>Whether no attempt is running.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
            {
                return _attempt is null;
            }
        }
    }

    /// <summary>The current keys. A <see cref="CredentialSource"/>.</summary>
    public ValueTask<SigningCredentials?> GetAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (_current is not { } current || now >= current.Expires)
        {
            return WaitAsync(cancellationToken);
        }

        if (now >= current.RenewFrom)
        {
            RenewBehind();
        }

        return new(current.Keys);
    }

    /// <summary>An attempt that took longer than <see cref="Limit"/>.</summary>
    public static CredentialsException TookTooLong() => new(
        $"The credentials for the remote did not come within {Limit.TotalSeconds:0} seconds.",
        "Check that the service or program that issues them can be reached from this machine.");

    private async ValueTask<SigningCredentials?> WaitAsync(CancellationToken cancellationToken)
    {
        Task<Current> attempt;
        lock (_lock)
        {
            if (_current is { } current && time.GetUtcNow() < current.Expires)
            {
                return current.Keys;
            }

            if (_attempt is null && _failure is { } failure && IsPausing())
            {
                throw failure;
            }

            attempt = _attempt ??= Start();
        }

        return (await attempt.WaitAsync(cancellationToken)).Keys;
    }

    private void RenewBehind()
    {
        lock (_lock)
        {
            if (_attempt is null && !(_failure is not null && IsPausing()) && time.GetUtcNow() >= _current!.RenewFrom)
            {
                _attempt = Start();
            }
        }
    }

    /// <summary>Not cancelled with the first caller: others may be waiting. Runs on the pool, since SDKs block.</summary>
    private Task<Current> Start() => Task.Run(AttemptAsync).Observed();

    private async Task<Current> AttemptAsync()
    {
        try
        {
            var current = CurrentOf(await ObtainAsync(), time.GetUtcNow());
            lock (_lock)
            {
                (_current, _failure) = (current, null);
            }

            return current;
        }
        catch (CredentialsException failure)
        {
            bool isNews;
            lock (_lock)
            {
                isNews = _current is { } current && time.GetUtcNow() < current.Expires && _failure?.Message != failure.Message;
                (_failure, _failedAt) = (failure, time.GetUtcNow());
            }

            if (isNews)
            {
                notRenewed?.Invoke(failure.Message);
            }

            throw;
        }
        finally
        {
            lock (_lock)
            {
                _attempt = null;
            }
        }
    }

    private async Task<ObtainedKeys> ObtainAsync()
    {
        try
        {
            return await obtain().WaitAsync(Limit, time);
        }
        catch (TimeoutException)
        {
            throw TookTooLong();
        }
    }

    private bool IsPausing() => time.GetUtcNow() - _failedAt < Pause;

    private static Current CurrentOf(ObtainedKeys obtained, DateTimeOffset now)
    {
        if (obtained.Expires is not { } expires)
        {
            return new(obtained.Keys, DateTimeOffset.MaxValue, obtained.Keys.SessionToken is null ? DateTimeOffset.MaxValue : now + Reread);
        }

        if (expires <= now)
        {
            throw new CredentialsException(
                $"The credentials for the remote had expired when they came, at {expires.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC.",
                "Check this machine's clock, and what issues the credentials.");
        }

        var life = expires - now;
        return new(obtained.Keys, expires, expires - (life / 3 < Lead ? life / 3 : Lead));
    }

    /// <param name="Keys">What to sign with.</param>
    /// <param name="Expires">From when on they are no good.</param>
    /// <param name="RenewFrom">From when on others are asked for.</param>
    private sealed record Current(SigningCredentials Keys, DateTimeOffset Expires, DateTimeOffset RenewFrom);
}

/// <summary>Keys as a source gave them.</summary>
/// <param name="Keys">What to sign with.</param>
/// <param name="Expires">When they expire: <see cref="DateTimeOffset.MaxValue"/> for never, null where the source does not say.</param>
internal sealed record ObtainedKeys(SigningCredentials Keys, DateTimeOffset? Expires);
