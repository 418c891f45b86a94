using Xunit.Abstractions;
using Xunit.Sdk;

namespace S3Overlay.Tests.Support.Skipping;

/// <summary>Finds tests as usual, and one skipped test for each method that cannot run.</summary>
internal sealed class SkippingDiscoverer(IAssemblyInfo assembly, ISourceInformationProvider sources, IMessageSink diagnostics)
    : XunitTestFrameworkDiscoverer(assembly, sources, diagnostics)
{
    /// <summary>Why a test of a class does not run here, or null.</summary>
    public static string? ReasonToSkip(ITestMethod method)
    {
        foreach (var needs in Attributes<NeedsAttribute>(method.TestClass.Class).Concat(Attributes<NeedsAttribute>(method.Method)))
        {
            if (needs.Missing is { } missing)
            {
                return missing;
            }
        }

        return Attributes<LeftOutAttribute>(method.TestClass.Class).FirstOrDefault(left => left.Test == method.Method.Name)?.Reason;
    }

    protected override bool FindTestsForMethod(
        ITestMethod testMethod, bool includeSourceInformation, IMessageBus messageBus, ITestFrameworkDiscoveryOptions discoveryOptions)
    {
        if (ReasonToSkip(testMethod) is not null && testMethod.Method.GetCustomAttributes(typeof(FactAttribute)).Any())
        {
            var (display, options) = (discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault());
            var skipped = new SkippedTestCase(DiagnosticMessageSink, display, options, testMethod);
            return ReportDiscoveredTestCase(skipped, includeSourceInformation, messageBus);
        }

        if (FullRunAttribute.IsOn)
        {
            return base.FindTestsForMethod(testMethod, includeSourceInformation, messageBus, discoveryOptions);
        }

        using var sample = new RowSample(messageBus, Attributes<QuickRowsAttribute>(testMethod.Method).FirstOrDefault()?.Most
            ?? int.MaxValue);
        return base.FindTestsForMethod(testMethod, includeSourceInformation, sample, discoveryOptions) && sample.PassOn();
    }

    private static IEnumerable<T> Attributes<T>(ITypeInfo type)
        where T : Attribute => type.GetCustomAttributes(typeof(T)).OfType<IReflectionAttributeInfo>().Select(info => (T)info.Attribute);

    private static IEnumerable<T> Attributes<T>(IMethodInfo method)
        where T : Attribute => method.GetCustomAttributes(typeof(T)).OfType<IReflectionAttributeInfo>().Select(info => (T)info.Attribute);
}
