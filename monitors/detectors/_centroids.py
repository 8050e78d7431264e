"""Where countries are: one point and a reach each, for detectors that know only a country.

Codes are ISO 3166-1 alpha-2, and XK for Kosovo as address databases write it. A point is the
country's middle in degrees, as the CIA World Factbook (public domain) rounds it, moved inland or
to the main island where it lies badly. The reach is the distance in km from the point to the
farthest place of the main territory, estimated and compared with Natural Earth (public domain);
oceanic possessions without a code of their own, and Alaska and Hawaii, lie outside it.
"""

import polars as pl

# Code and latitude, longitude, reach in km; a code apart could be taken for a misspelt word.
_PLACES = """
AD42.5 1.5 30, AE24 54 320, AF33 66 940, AG17 -62 90, AI18 -63 40, AL41 20 200, AM40 45 200,
AO-12.5 18.5 1110, AQ-90 0 3300, AR-34 -64 2350, AS-14 -171 100, AT47.5 13.5 350,
AU-27 133 2300, AW12.5 -70 20, AX60 20 80, AZ40.5 47.5 300, BA44 18 220, BB13 -59.5 40,
BD24 90 430, BE51 4 210, BF13 -2 500, BG43 25 310, BH26 50.5 40, BI-3.5 30 150, BJ9.5 2.25 400,
BL18 -63 30, BM32 -65 20, BN4.5 114.7 90, BO-17 -65 850, BQ12 -68 40, BR-10 -55 2700,
BS24 -76 500, BT27.5 90.5 180, BV-54 3 10, BW-22 24 640, BY53 28 350, BZ17 -88.75 180,
CA60 -95 3100, CC-12.5 96.8 30, CD0 25 1590, CF7 21 750, CG-1 15 700, CH47 8 200, CI8 -5 500,
CK-21 -160 600, CL-37 -71.5 2200, CM6 12 850, CN35 105 2900, CO4 -72 1000, CR10 -84 260,
CU21.5 -80 630, CV16 -24 190, CW12 -69 50, CX-10.5 105.7 20, CY35 33 130, CZ49.75 15.5 270,
DE51 9 480, DJ11.5 43 150, DK56 10 350, DM15.4 -61.3 40, DO19 -70.7 260, DZ28 3 1200,
EC-2 -77.5 450, EE59 26 270, EG27 30 900, EH24.5 -13 590, ER15 39 550, ES40 -4 800, ET8 38 1100,
FI64 26 700, FJ-18 178 400, FK-51.75 -59 170, FM7 158 2220, FO62 -7 70, FR46 2 780,
GA-1 11.75 420, GB54 -2 750, GD12 -61.7 40, GE42 43.5 340, GF4 -53 270, GG49.5 -2.5 40,
GH8 -2 430, GI36 -5.3 10, GL72 -40 1500, GM13.5 -16.5 300, GN11 -10 560, GP16.25 -61.6 60,
GQ2 10 250, GR39 22 600, GS-54.5 -37 800, GT15.5 -90.25 290, GU13.5 144.8 40, GW12 -15 200,
GY5 -59 450, HK22.3 114.2 40, HM-53 72.5 60, HN15 -86.5 360, HR45 15.5 350, HT19 -72.4 230,
HU47 20 310, ID-5 120 3000, IE53 -8 280, IL31.5 34.75 240, IM54.25 -4.5 40, IN20 77 2260,
IO-6 71.5 200, IQ33 44 550, IR32 53 1200, IS65 -18 320, IT42.8 12.8 750, JE49.2 -2.1 20,
JM18.25 -77.5 150, JO31 36 380, JP36 138 1900, KE1 38 680, KG41 75 520, KH13 105 340,
KI1.4 173 500, KM-12 44 130, KN17.3 -62.75 40, KP40 127 430, KR37 127.5 440, KW29.3 47.6 130,
KY19.5 -80.5 150, KZ48 68 1580, LA18 105 640, LB34 36 140, LC14 -61 40, LI47.2 9.5 20,
LK7.5 80.7 270, LR6.5 -9.5 350, LS-29.5 28.5 160, LT56 24 240, LU49.75 6 50, LV57 25 290,
LY25 17 1100, MA32 -6 850, MC43.7 7.4 10, MD47 29 240, ME42.5 19.3 120, MF18.1 -63.1 20,
MG-20 47 920, MH9 168 500, MK41.8 22 150, ML17 -4 980, MM21 96 1300, MN46 105 1340,
MO22.2 113.5 20, MP15.2 145.75 410, MQ14.7 -61 40, MR20 -12 950, MS16.75 -62.2 20, MT36 14.4 40,
MU-20.3 57.6 60, MV3.25 73 450, MW-13.5 34 480, MX23 -102 1900, MY2.5 112.5 1450, MZ-18 35 1030,
NA-22 17 990, NC-21.5 165.5 320, NE16 8 1100, NF-29 168 20, NG10 8 800, NI13 -85 320,
NL52.3 5.5 200, NO64.5 13 950, NP28 84 440, NR-0.5 167 20, NU-19 -170 30, NZ-41 174 850,
OM21 57 650, PA9 -80 350, PE-10 -76 1200, PF-17.5 -149.5 1600, PG-6 147 1000, PH13 122 1000,
PK30 70 1050, PL52 20 450, PM46.8 -56.3 40, PN-25 -130 20, PR18.2 -66.5 120, PS31.9 35.2 120,
PT39.5 -8 350, PW7.5 134.5 100, PY-23 -58 550, QA25.5 51.25 110, RE-21 55.5 40, RO46 25 400,
RS44 21 280, RU60 100 4700, RW-2 30 150, SA25 45 1170, SB-9 160 750, SC-4.6 55.5 60,
SD15 30 1070, SE62 15 850, SG1.3 103.8 30, SH-16 -5.7 20, SI46 15 140, SJ78 16 350,
SK48.7 19.5 230, SL8.5 -11.5 210, SM43.9 12.4 20, SN14 -14 390, SO5 46 960, SR4 -56 300,
SS8 30 700, ST0.3 6.6 190, SV13.8 -88.9 150, SX18 -63 20, SY35 38 460, SZ-26.5 31.5 110,
TC21.75 -71.6 90, TD15 19 1000, TF-49.3 69.5 100, TG8 1.2 380, TH15 100 1050, TJ38.5 71 400,
TK-9 -172 100, TL-8.8 125.7 200, TM40 60 700, TN34 9 430, TO-20 -175 470, TR39 35 880,
TT10.7 -61.2 110, TV-8 178 300, TW23.7 121 300, TZ-6 35 780, UA49 32 750, UG1 32 420,
UM19.3 166.6 20, US38 -97 2600, UY-33 -56 350, UZ41 64 800, VA41.9 12.45 10, VC13.2 -61.2 60,
VE8 -66 850, VG18.4 -64.6 60, VI18.3 -64.8 70, VN16 106 840, VU-16 167 550, WF-13.3 -176.2 250,
WS-13.6 -172.3 110, XK42.6 20.9 100, YE15.5 47.5 620, YT-12.8 45.2 30, ZA-29 24 1050,
ZM-14 28 750, ZW-19 29.5 470
"""


def centroids() -> pl.LazyFrame:
    """One row per country: `country`, `latitude`, `longitude` in degrees, `reach_km`."""
    rows = [place.split() for place in _PLACES.replace("\n", " ").split(",")]
    return pl.LazyFrame(
        [(spot[:2], float(spot[2:]), float(east), float(reach)) for spot, east, reach in rows],
        schema={
            "country": pl.String,
            "latitude": pl.Float64,
            "longitude": pl.Float64,
            "reach_km": pl.Float64,
        },
        orient="row",
    )
